#include "batch/staging.h"

#include <gmmseg/errors.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// Every change to what is on disk is made under this lock, so that AbandonAll meets no job halfway.
struct Registry {
  std::mutex mutex;
  std::set<Staging*> live;
};

// Never destroyed: a signal may come while the process ends.
Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

constexpr char kMark[] = ".gmmseg-";

std::string FolderName(const std::string& stem) {
  static std::atomic<int> next{0};
  return "." + stem + kMark + std::to_string(getpid()) + "-" + std::to_string(next++);
}

bool IsGone(pid_t process) { return kill(process, 0) != 0 && errno == ESRCH; }

// Whether the name is one of FolderName, of a process that is no more, or of this one's number.
bool IsLeftover(const std::string& name) {
  const std::size_t mark = name.rfind(kMark);
  if (!name.starts_with('.') || mark == std::string::npos) return false;
  const char* const digits = name.c_str() + mark + sizeof kMark - 1;
  pid_t process = 0;
  const auto [end, error] = std::from_chars(digits, name.c_str() + name.size(), process);
  return error == std::errc() && *end == '-' && process > 0 &&
         (process == getpid() || IsGone(process));
}

// Renames, made one after another, that are undone in reverse order unless they are kept.
class Moves {
 public:
  Moves() = default;
  Moves(const Moves&) = delete;
  Moves& operator=(const Moves&) = delete;
  ~Moves() {
    boost::system::error_code ignored;
    for (auto move = done_.rbegin(); move != done_.rend(); ++move)
      fs::rename(move->second, move->first, ignored);
  }

  void Make(const fs::path& from, const fs::path& to) {
    fs::rename(from, to);
    done_.emplace_back(from, to);
  }
  void Keep() { done_.clear(); }

 private:
  std::vector<std::pair<fs::path, fs::path>> done_;
};

}  // namespace

Staging::Staging(const fs::path& directory, const std::string& stem) : directory_(directory) {
  const std::lock_guard lock(TheRegistry().mutex);
  try {
    Create(stem);
  } catch (const fs::filesystem_error& error) {
    Remove();
    if (error.code() == boost::system::errc::filename_too_long)
      throw IoError(
          IoError::Operation::kWrite,
          (directory / stem).string() +
              ": this name is too long to write outputs beside each other; rename the input");
    throw IoError(IoError::Operation::kWrite, directory.string() + ": cannot write here (" +
                                                  error.code().message() +
                                                  "); choose another output folder");
  }
  TheRegistry().live.insert(this);
}

Staging::Staging(Joined, const fs::path& directory, const fs::path& folder)
    : directory_(directory), folder_(folder) {
  const std::lock_guard lock(TheRegistry().mutex);
  TheRegistry().live.insert(this);
}

std::unique_ptr<Staging> Staging::Join(const fs::path& directory, const fs::path& folder) {
  return std::unique_ptr<Staging>(new Staging(Joined(), directory, folder));
}

void Staging::Create(const std::string& stem) {
  made_directory_ = fs::create_directory(directory_);
  // A folder of that name may be left of a process that had the same number.
  fs::path folder;
  do folder = directory_ / FolderName(stem);
  while (!fs::create_directory(folder));
  folder_ = folder;
}

Staging::~Staging() {
  const std::lock_guard lock(TheRegistry().mutex);
  TheRegistry().live.erase(this);
  Remove();
}

void Staging::Remove() noexcept {
  boost::system::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
  // Not recursive: with a file in it, it stays.
  if (made_directory_) fs::remove(directory_, ignored);
}

std::string Staging::InFinalPlace(std::string message) const {
  const std::string folder = folder_.string();
  for (std::size_t at; (at = message.find(folder)) != std::string::npos;)
    message.replace(at, folder.size(), directory_.string());
  return message;
}

void Staging::Commit(const std::vector<std::string>& names, const std::vector<std::string>& stale) {
  const std::lock_guard lock(TheRegistry().mutex);
  try {
    Swap(names, stale);
  } catch (const fs::filesystem_error& error) {
    const fs::path& path = error.path2().empty() ? error.path1() : error.path2();
    throw IoError(
        IoError::Operation::kWrite,
        path.string() + ": cannot write (" + error.code().message() + "); nothing was changed");
  }
}

void Staging::Swap(const std::vector<std::string>& names, const std::vector<std::string>& stale) {
  const fs::path old = folder_ / ".gmmseg-replaced";  // no output is called so
  fs::create_directory(old);
  Moves moves;
  for (const std::string& name : stale) moves.Make(directory_ / name, old / name);
  for (const std::string& name : names) {
    if (fs::exists(fs::symlink_status(directory_ / name)))
      moves.Make(directory_ / name, old / name);
    moves.Make(folder_ / name, directory_ / name);
  }
  moves.Keep();
}

void Staging::RemoveLeftovers(const fs::path& directory) noexcept {
  boost::system::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (IsLeftover(entry->path().filename().string())) leftovers.push_back(entry->path());
  const std::lock_guard lock(TheRegistry().mutex);
  for (const Staging* staging : TheRegistry().live) std::erase(leftovers, staging->folder());
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, error);
}

void Staging::AbandonAll() noexcept {
  // Never unlocked: jobs that reach for it wait until the process is gone. Their writers may still
  // put a file into a folder that is being removed, hence more than one try.
  TheRegistry().mutex.lock();
  for (Staging* staging : TheRegistry().live)
    for (int attempt = 0; attempt < 100; ++attempt) {
      staging->Remove();
      boost::system::error_code ignored;
      if (!fs::exists(staging->folder_, ignored)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

}  // namespace gmmseg
