#include <gmmseg/class_names_io.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/control_characters.h"
#include "io/csv_reader.h"
#include "io/file_bytes.h"
#include "io/json_text.h"

namespace gmmseg {
namespace {

constexpr int kMaxClass = 65535;  // labels are 16 bits
constexpr std::ptrdiff_t kMaxCharacters = 200;

// The column's place; the header's size where it is missing.
std::size_t PlaceOf(std::string_view column, const std::vector<std::string>& header,
                    const CsvReader& csv) {
  if (std::ranges::count(header, column) > 1)
    csv.Fail("the column " + std::string(column) + " stands there twice; take one away");
  return std::ranges::find(header, column) - header.begin();
}

std::size_t PlaceOfRequired(std::string_view column, const std::vector<std::string>& header,
                            const CsvReader& csv) {
  const std::size_t place = PlaceOf(column, header, csv);
  if (place == header.size())
    csv.Fail("has no column " + std::string(column) +
             "; the first line must name the columns, as in class,name,color");
  return place;
}

int ClassOf(const std::string& field, const CsvReader& csv) {
  int index = 0;
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, index);
  if (error != std::errc() || stop != end || index < 1 || index > kMaxClass)
    csv.Fail("class = \"" + field + "\"; must be a whole number from 1 to " +
             std::to_string(kMaxClass));
  return index;
}

bool HasControl(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at)
    if (ControlBytes(text, at) > 0) return true;
  return false;
}

std::string NameOf(const std::string& field, const CsvReader& csv) {
  if (field.empty()) csv.Fail("name = \"\"; must not be empty: give one, or take the line away");
  if (!IsUtf8(field)) csv.Fail("name = \"" + field + "\"; must be UTF-8: save the file as that");
  if (HasControl(field))
    csv.Fail("name must have no line end, tab or other control character; take it out of \"" +
             field + "\"");
  const auto characters =
      std::ranges::count_if(field, [](unsigned char byte) { return (byte & 0xc0) != 0x80; });
  if (characters > kMaxCharacters)
    csv.Fail("name has " + std::to_string(characters) + " characters; must have at most " +
             std::to_string(kMaxCharacters));
  return field;
}

std::optional<Rgb> ColorOf(const std::string& field, const CsvReader& csv) {
  if (field.empty()) return std::nullopt;
  try {
    return RgbFromHex(field);
  } catch (const ParameterError& error) {
    csv.Fail(error.what());
  }
}

ClassNames NamesIn(CsvReader csv) {
  const std::vector<std::string> header = csv.Next();
  const std::size_t index = PlaceOfRequired("class", header, csv);
  const std::size_t name = PlaceOfRequired("name", header, csv);
  const std::size_t color = PlaceOf("color", header, csv);
  ClassNames names;
  for (auto fields = csv.Next(); !fields.empty(); fields = csv.Next()) {
    if (fields.size() != header.size())
      csv.Fail("has " + std::to_string(fields.size()) + " fields; must have " +
               std::to_string(header.size()) + ", as the first line");
    fields.emplace_back();  // where the colour is missing
    const int k = ClassOf(fields[index], csv);
    const ClassName named{NameOf(fields[name], csv), ColorOf(fields[color], csv)};
    if (!names.emplace(k, named).second)
      csv.Fail("class = " + fields[index] + " was named before; name it once");
  }
  return names;
}

}  // namespace

ClassNames ReadClassNames(const std::string& path) {
  const std::vector<unsigned char> bytes = ReadFileBytes(path, "a CSV file of class,name,color");
  return NamesIn({path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
}

}  // namespace gmmseg
