// Tables as text: RFC 4180, record by record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gmmseg {

// Strict: quotes stand around whole fields, and twice where they are meant. Lines end in LF or
// CRLF; a byte order mark and empty lines are skipped.
class CsvReader {
 public:
  // Both must outlive the reader; `path` is for messages.
  CsvReader(const std::string& path, std::string_view text);

  // The fields of the next record; none at the end. Throws IoError as Fail does.
  std::vector<std::string> Next();

  // Throws IoError, naming the file and the line where the record that was read last begins.
  [[noreturn]] void Fail(const std::string& what) const;

 private:
  bool Take(std::string_view token);
  bool TakeLineEnd();  // the end of the text counts
  std::string_view TakeBytes(std::size_t count);
  std::string Plain();
  std::string Quoted();

  const std::string& path_;
  std::string_view rest_;
  int line_ = 1, record_line_ = 1;
};

}  // namespace gmmseg
