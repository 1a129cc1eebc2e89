#include "batch/scene_journal.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace gmmseg {
namespace {

// The file begins with this and the hash of the image, which is zeros until it is known.
constexpr std::string_view kMark = "gmmseg-resume 1\n";
constexpr std::int64_t kHashBytes = 24;  // of ContentHash
constexpr std::int64_t kFirstRecord = static_cast<std::int64_t>(kMark.size()) + kHashBytes;

struct RecordHead {
  std::uint64_t kind = 0, bytes = 0;
};
using Checksum = std::uint64_t;  // behind the bytes, of them and the head
constexpr std::int64_t kAround = sizeof(RecordHead) + sizeof(Checksum);

// Moves all bytes by `move(done)`, which says how many it moved; false where it could not.
template <typename Move>
bool MoveAll(std::int64_t bytes, const Move& move) {
  for (std::int64_t done = 0; done < bytes;) {
    const ssize_t moved = move(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    done += moved;
  }
  return true;
}

std::span<const unsigned char> BytesOf(const void* data, std::int64_t bytes) {
  return {static_cast<const unsigned char*>(data), static_cast<std::size_t>(bytes)};
}

}  // namespace

std::string JournalName(const std::string& stem) { return "." + stem + ".gmmseg-resume"; }

SceneJournal::SceneJournal(boost::filesystem::path path, std::shared_future<std::string> image)
    : path_(std::move(path)), image_(std::move(image)) {}

SceneJournal::~SceneJournal() { GiveUp(); }

void SceneJournal::Find() {
  if (Open(O_RDWR) && !IsOfImage()) GiveUp();
}

void SceneJournal::Forget() {
  if (Open(O_RDWR)) GiveUp();
}

void SceneJournal::Begin() {
  if (file_.get() >= 0 || !Open(O_RDWR | O_CREAT)) return;
  if (::ftruncate(file_.get(), 0) != 0) return GiveUp();
  WriteAt(0, kMark.data(), std::ssize(kMark));
}

bool SceneJournal::Open(int flags) {
  file_ = FileDescriptor(::open(path_.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (file_.get() >= 0 && ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) file_.Close();
  end_ = kFirstRecord;
  return file_.get() >= 0;
}

bool SceneJournal::IsOfImage() {
  std::string start(kFirstRecord, '\0');
  knows_image_ = TryRead(0, start.data(), kFirstRecord) &&
                 start == std::string(kMark) + ContentHash(image_.get());
  return knows_image_;
}

std::optional<std::string> SceneJournal::Take(Kind kind, const std::string& key) {
  const std::optional<std::uint64_t> bytes = WholeRecord(kind);
  if (!bytes) return std::nullopt;
  std::string text(*bytes, '\0');
  if (!TryRead(end_ + sizeof(RecordHead), text.data(), std::ssize(text)) || !text.starts_with(key))
    return std::nullopt;
  end_ += std::ssize(text) + kAround;
  return text.substr(key.size());
}

void SceneJournal::Put(Kind kind, const std::string& key, std::string_view text) {
  BeginRecord(kind, std::ssize(key) + std::ssize(text));
  Write(key.data(), std::ssize(key));
  Write(text.data(), std::ssize(text));
  EndRecord();
}

bool SceneJournal::TakeCell(std::int64_t bytes) {
  if (WholeRecord(Kind::kCell) != static_cast<std::uint64_t>(bytes)) return false;
  at_ = end_ + static_cast<std::int64_t>(sizeof(RecordHead));
  end_ += bytes + kAround;
  return true;
}

void SceneJournal::Read(void* data, std::int64_t bytes) {
  if (!TryRead(at_, data, bytes))
    throw IoError(IoError::Operation::kRead,
                  path_.string() + ": what an earlier run left cannot be read; remove it");
  at_ += bytes;
}

void SceneJournal::BeginCell(std::int64_t bytes) { BeginRecord(Kind::kCell, bytes); }

void SceneJournal::EndCell() { EndRecord(); }

// The bytes of the next record, if it is whole and of this kind.
std::optional<std::uint64_t> SceneJournal::WholeRecord(Kind kind) const {
  RecordHead head;
  const off_t size = file_.get() < 0 ? 0 : ::lseek(file_.get(), 0, SEEK_END);
  if (size - end_ < kAround || !TryRead(end_, &head, sizeof head) ||
      head.kind != static_cast<std::uint64_t>(kind) ||
      head.bytes > static_cast<std::uint64_t>(size - end_ - kAround))
    return std::nullopt;
  StreamHash hash;
  hash.Add(BytesOf(&head, sizeof head));
  std::vector<unsigned char> part(1 << 16);
  std::int64_t at = end_ + static_cast<std::int64_t>(sizeof head);
  for (auto left = static_cast<std::int64_t>(head.bytes); left > 0;) {
    const std::int64_t now = std::min(left, std::ssize(part));
    if (!TryRead(at, part.data(), now)) return std::nullopt;
    hash.Add(BytesOf(part.data(), now));
    at += now;
    left -= now;
  }
  Checksum checksum = 0;
  if (!TryRead(at, &checksum, sizeof checksum) || checksum != hash.value()) return std::nullopt;
  return head.bytes;
}

// Over what followed the last record that counts.
void SceneJournal::BeginRecord(Kind kind, std::int64_t bytes) {
  if (file_.get() < 0) return;
  if (::ftruncate(file_.get(), end_) != 0) return GiveUp();
  const RecordHead head{static_cast<std::uint64_t>(kind), static_cast<std::uint64_t>(bytes)};
  at_ = end_;
  hash_ = {};
  Write(&head, sizeof head);
}

void SceneJournal::Write(const void* data, std::int64_t bytes) {
  if (file_.get() < 0) return;
  hash_.Add(BytesOf(data, bytes));
  WriteAt(at_, data, bytes);
  at_ += bytes;
}

void SceneJournal::EndRecord() {
  if (file_.get() < 0) return;
  const Checksum checksum = hash_.value();
  WriteAt(at_, &checksum, sizeof checksum);
  end_ = at_ + static_cast<std::int64_t>(sizeof checksum);
  NoteImage();
}

void SceneJournal::NoteImage() {
  if (knows_image_ || image_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  const std::string hash = ContentHash(image_.get());
  WriteAt(std::ssize(kMark), hash.data(), std::ssize(hash));
  knows_image_ = true;
}

bool SceneJournal::TryRead(std::int64_t at, void* data, std::int64_t bytes) const {
  return MoveAll(bytes, [&](std::int64_t done) {
    return ::pread(file_.get(), static_cast<char*>(data) + done, bytes - done, at + done);
  });
}

void SceneJournal::WriteAt(std::int64_t at, const void* data, std::int64_t bytes) {
  const bool written = MoveAll(bytes, [&](std::int64_t done) {
    return ::pwrite(file_.get(), static_cast<const char*>(data) + done, bytes - done, at + done);
  });
  if (!written) GiveUp();
}

void SceneJournal::GiveUp() {
  if (file_.get() < 0) return;
  ::unlink(path_.c_str());
  file_.Close();
}

}  // namespace gmmseg
