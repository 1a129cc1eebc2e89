// A file that appears whole or not at all: written beside its target under a passing name, then
// renamed.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "io/file_descriptor.h"

namespace gmmseg {

class StagedFile {
 public:
  // Throws IoError if the folder is missing or cannot be written to.
  explicit StagedFile(const std::string& target);
  ~StagedFile();  // without Commit(): nothing stays behind
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  const std::string& target() const { return target_; }
  int descriptor() const { return file_.get(); }  // open for reading and writing

  void Write(std::string_view bytes);
  // The same for callers that an exception may not pass through: false on failure, the cause kept
  // for ThrowIfFailed.
  bool TryWrite(const void* data, std::size_t size) noexcept;
  // Throws IoError with the cause of the first failed TryWrite, if there was one.
  void ThrowIfFailed() const;

  // The target appears, replacing what was there.
  void Commit();

 private:
  [[noreturn]] void Fail(int cause) const;

  std::string target_;
  boost::filesystem::path temporary_;
  FileDescriptor file_;
  int failure_ = 0;  // errno of the first failed TryWrite
};

// A file of these bytes. Throws as StagedFile does.
void WriteStagedFile(const std::string& target, std::string_view bytes);

}  // namespace gmmseg
