#include "cli/option_facts.h"

#include <doctest/doctest.h>

#include <set>

#include "cli/options.h"

using namespace gmmseg::cli;

TEST_CASE("option facts: a default of one word is stated, one of more words is not") {
  CHECK(StatedDefault("Most rounds. Default: 300. 0 keeps the start.") == "300");
  CHECK(StatedDefault("Change per pixel. Default: 1e-5.") == "1e-5");
  CHECK(StatedDefault("A share. Default: 0.5. Less is faster.") == "0.5");
  CHECK(StatedDefault("Outputs. Default: labels,overlay.") == "labels,overlay");
  CHECK(StatedDefault("Threads. Default: as many as there are.").empty());
  CHECK(StatedDefault("A file. Default: none.").empty());
  CHECK(StatedDefault("A file. Required.").empty());
}

TEST_CASE("option facts: an option offers the words that its value is parsed by") {
  ShowOptionTable([](const CLI::App& segment) {
    const auto words = [&segment](const std::string& name) {
      return OfferedWords(*segment.get_option(name));
    };
    CHECK(words("--floor") == std::vector<std::string>{"on", "off"});
    CHECK(words("--depth") == std::vector<std::string>{"f32", "u16", "u8"});
    const std::vector<std::string> outputs = words("--write");
    CHECK(std::set<std::string>(outputs.begin(), outputs.end()).count("all") == 1);
    CHECK(words("--components").empty());
    CHECK(words("--output").empty());
    CHECK(words("--overwrite").empty());
    CHECK(KindOfValue(*segment.get_option("--write")) == ValueKind::kCommaList);
    CHECK(KindOfValue(*segment.get_option("--init-model")) == ValueKind::kFile);
    CHECK(KindOfValue(*segment.get_option("--output")) == ValueKind::kFolder);
    CHECK(KindOfValue(*segment.get_option("--seed")) == ValueKind::kOther);
    CHECK(KindOfValue(*segment.get_option("--json")) == ValueKind::kNone);
  });
}

TEST_CASE("option facts: every default that is stated is one that the option takes") {
  ShowOptionTable([](CLI::App& segment) {
    for (CLI::App* table : {&segment, segment.get_subcommand("apply")})
      for (const CLI::Option* option : ShownOptions(*table))
        if (!option->get_default_str().empty())
          CHECK_NOTHROW(option->get_callback()({option->get_default_str()}));
  });
}
