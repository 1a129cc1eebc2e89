#include "io/dicom_headers.h"

#include <sys/stat.h>

#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "io/dicom_decoder.h"
#include "io/first_bytes.h"

namespace gmmseg {
namespace {

// Device, number and size there; when the content and when anything was changed last, in seconds
// and nanoseconds.
using FileState = std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>;

std::optional<FileState> StateOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileState{status.st_dev,         status.st_ino,          status.st_size,
                   status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                   status.st_ctim.tv_nsec};
}

class KnownHeaders {
 public:
  std::optional<DicomPicture> Find(const std::string& path, const FileState& state) const {
    const std::scoped_lock lock(mutex_);
    const auto found = headers_.find(path);
    if (found == headers_.end() || found->second.first != state) return std::nullopt;
    return found->second.second;
  }

  void Keep(const std::string& path, const FileState& state, const DicomPicture& header) {
    constexpr std::size_t kMost = 20'000;   // some 10 MB
    if (header.rescale.size() > 1) return;  // no slice of a series
    const std::scoped_lock lock(mutex_);
    if (headers_.size() >= kMost) headers_.clear();
    headers_.insert_or_assign(path, std::pair(state, header));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::pair<FileState, DicomPicture>> headers_;
};

KnownHeaders& Known() {
  static KnownHeaders known;
  return known;
}

}  // namespace

DicomPicture DicomHeaderOf(const std::string& path) {
  const std::optional<FileState> state = StateOf(path);
  if (state)
    if (std::optional<DicomPicture> known = Known().Find(path, *state)) return *std::move(known);
  DicomPicture header = AskFirstBytes(
      path, [](const ImageSource& source) { return DecodeDicom(source, DicomPart::kHeader); });
  // One that changed meanwhile is not kept.
  if (state && state == StateOf(path)) Known().Keep(path, *state, header);
  return header;
}

}  // namespace gmmseg
