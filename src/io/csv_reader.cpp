#include "io/csv_reader.h"

#include <gmmseg/errors.h>

#include <algorithm>

namespace gmmseg {

CsvReader::CsvReader(const std::string& path, std::string_view text) : path_(path), rest_(text) {
  Take("\xEF\xBB\xBF");  // the byte order mark
}

std::vector<std::string> CsvReader::Next() {
  while (!rest_.empty() && TakeLineEnd()) {
  }
  record_line_ = line_;
  std::vector<std::string> fields;
  if (rest_.empty()) return fields;
  do {
    fields.push_back(Take("\"") ? Quoted() : Plain());
  } while (Take(","));
  if (!TakeLineEnd())
    Fail("text follows the closing quote of \"" + fields.back() +
         "\"; write a quote within quotes twice");
  return fields;
}

void CsvReader::Fail(const std::string& what) const {
  throw IoError(IoError::Operation::kRead,
                path_ + ", line " + std::to_string(record_line_) + ": " + what);
}

bool CsvReader::Take(std::string_view token) {
  if (!rest_.starts_with(token)) return false;
  rest_.remove_prefix(token.size());
  return true;
}

bool CsvReader::TakeLineEnd() {
  if (!Take("\n") && !Take("\r\n")) return rest_.empty();
  ++line_;
  return true;
}

std::string_view CsvReader::TakeBytes(std::size_t count) {
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(taken.size());
  return taken;
}

std::string CsvReader::Plain() {
  std::string field(TakeBytes(rest_.find_first_of(",\n")));
  if (rest_.starts_with('\n') && field.ends_with('\r')) field.pop_back();
  if (field.find('"') != field.npos)
    Fail("a quote within \"" + field +
         "\"; put the whole field in quotes, and write a quote within them twice");
  return field;
}

std::string CsvReader::Quoted() {
  std::string field;
  do {
    const std::size_t quote = rest_.find('"');
    if (quote == rest_.npos) Fail("a quote is opened and never closed; close it");
    field += TakeBytes(quote + 1);  // of two quotes one stays
  } while (Take("\""));
  field.pop_back();
  line_ += static_cast<int>(std::ranges::count(field, '\n'));
  return field;
}

}  // namespace gmmseg
