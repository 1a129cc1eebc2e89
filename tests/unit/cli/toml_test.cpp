#include "cli/toml.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <utility>

using gmmseg::ParameterError;
using gmmseg::cli::ReadToml;
using gmmseg::cli::TomlEntry;
using gmmseg::cli::TomlType;
using gmmseg::cli::TomlValue;

namespace {

TomlEntry Only(const std::string& text) {
  const std::vector<TomlEntry> entries = ReadToml(text);
  REQUIRE(entries.size() == 1);
  return entries.front();
}

std::string WordOf(const std::string& value) { return Only("key = " + value).words.at(0); }

std::string Refusal(const std::string& text) {
  try {
    ReadToml(text);
  } catch (const ParameterError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("toml: keys, values, types and lines are those of the text") {
  const std::vector<TomlEntry> entries = ReadToml(
      "\xEF\xBB\xBF# settings\r\n\r\ncomponents = 4  # classes\r\n\tmax-iterations=50\n"
      "features = \"lab\"\noverwrite = true\nwrite = [\"labels\", # the mask\n 'masks',\n]\n"
      "names = []");
  REQUIRE(entries.size() == 6);
  const std::pair<TomlType, int> expected[] = {{TomlType::kNumber, 3}, {TomlType::kNumber, 4},
                                               {TomlType::kString, 5}, {TomlType::kBoolean, 6},
                                               {TomlType::kList, 7},   {TomlType::kList, 10}};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(entries[i].type == expected[i].first);
    CHECK(entries[i].line == expected[i].second);
  }
  CHECK(entries[0].key == "components");
  CHECK(entries[1].key == "max-iterations");
  CHECK(entries[4].words == std::vector<std::string>{"labels", "masks"});
  CHECK(entries[5].words.empty());
}

TEST_CASE("toml: strings hold what comments, lists and escapes look like") {
  CHECK(WordOf(R"("a # b, [c] = 'd'")") == "a # b, [c] = 'd'");
  CHECK(WordOf(R"('C:\new "x"')") == R"(C:\new "x")");
  CHECK(WordOf(R"("tab\t quote\" back\\slash \u00e9 \U0001F600")") ==
        "tab\t quote\" back\\slash \xC3\xA9 \xF0\x9F\x98\x80");
  CHECK(WordOf("\"\"").empty());
}

TEST_CASE("toml: numbers are handed on as a command line has them") {
  CHECK(WordOf("+1_000") == "1000");
  CHECK(WordOf("1e-5") == "1e-5");
  CHECK(WordOf("-0.25E+3") == "-0.25E+3");
}

TEST_CASE("toml: what is no key and value is refused with its line") {
  const std::pair<std::string, std::string> cases[] = {
      {"a = 1\nfeatures = lab", "line 2: lab is no number, true or false; write text in quotes"},
      {"a = 007", "line 1: 007 is no number"},
      {"a = 1_", "accepted"},
      {"a", "line 1: must be \"key = value\""},
      {"= 3", "line 1: must be \"key = value\""},
      {"a =", "line 1: a value is missing"},
      {"a = 1 b = 2", "line 1: \"b = 2\" follows a value"},
      {"\n[photos]\na = 1", "line 2: a table"},
      {"a = \"open\nb = 1", "line 1: a string without its closing \""},
      {"a = 'open\nb = 1", "a string without its closing '"},
      {"a = [1, 2", "line 1: a list needs a comma or ]"},
      {"a = [1, ", "line 1: a list without its ]"},
      {"a = [1 2]", "line 1: a list needs a comma or ]"},
      {R"(a = "\q")", "\"\\q\" is no escape"},
      {R"(a = "\u12")", "line 1: an escape \\u needs 4"},
      {R"(a = "\ud800")", "line 1: an escape \\u needs 4"},
      {R"(a = "\)", "line 1: a string without its closing \""}};
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_MESSAGE(Refusal(text).find(message) != std::string::npos, Refusal(text));
  }
}

TEST_CASE("toml: every text is read back as it was written") {
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& word : {std::string("4"), std::string("1e-5"), std::string("-0.5"),
                                  std::string("007"), std::string("true"), std::string(".5"),
                                  std::string("18446744073709551615"), std::string(), every_byte})
    CHECK(WordOf(TomlValue(word)) == word);
  CHECK(TomlValue("1e-5") == "1e-5");
  CHECK(TomlValue("true") == "\"true\"");
}
