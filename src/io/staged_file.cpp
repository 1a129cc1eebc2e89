#include "io/staged_file.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <sys/stat.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gmmseg {
namespace {

const char* Advice(int cause) {
  switch (cause) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space or choose another folder";
    case ENOENT:
      return "; create its folder first";
    default:
      return "; choose another folder or name";
  }
}

}  // namespace

StagedFile::StagedFile(const std::string& target) : target_(target) {
  const boost::filesystem::path folder = boost::filesystem::path(target).parent_path();
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts && file_.get() < 0; ++attempt) {
    // A name of its own, since that of the target may leave no room for a suffix.
    temporary_ = folder / boost::filesystem::unique_path(".gmmseg-%%%%%%%%%%%%.tmp");
    file_ = FileDescriptor(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file_.get() < 0 && errno != EEXIST) Fail(errno);
  }
  if (file_.get() < 0) Fail(EEXIST);
}

StagedFile::~StagedFile() {
  if (temporary_.empty()) return;
  file_.Close();
  ::unlink(temporary_.c_str());
}

void StagedFile::Write(std::string_view bytes) {
  TryWrite(bytes.data(), bytes.size());
  ThrowIfFailed();
}

bool StagedFile::TryWrite(const void* data, std::size_t size) noexcept {
  const char* next = static_cast<const char*>(data);
  while (size > 0 && failure_ == 0) {
    const ssize_t written = ::write(file_.get(), next, size);
    if (written < 0) {
      if (errno != EINTR) failure_ = errno;
      continue;
    }
    next += written;
    size -= static_cast<std::size_t>(written);
  }
  return failure_ == 0;
}

void StagedFile::ThrowIfFailed() const {
  if (failure_ != 0) Fail(failure_);
}

void StagedFile::Commit() {
  ThrowIfFailed();
  if (file_.Close() != 0) Fail(errno);
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) Fail(errno);
  temporary_.clear();
}

void StagedFile::Fail(int cause) const {
  throw IoError(IoError::Operation::kWrite,
                target_ + ": cannot be written: " + std::strerror(cause) + Advice(cause));
}

void WriteStagedFile(const std::string& target, std::string_view bytes) {
  StagedFile file(target);
  file.Write(bytes);
  file.Commit();
}

}  // namespace gmmseg
