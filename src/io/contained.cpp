#include "io/contained.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

#include "io/file_descriptor.h"

namespace gmmseg {
namespace {

constexpr unsigned char kFinished = 1;  // the last byte of a work that came to its end

[[noreturn]] void Fail(const std::string& what) {
  throw Error("a file cannot be decoded in a process of its own (" + what + ": " +
              std::strerror(errno) + "); end other programs and try again");
}

void WriteAll(int pipe, std::span<const unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(pipe, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ::_exit(1);  // nobody listens any more
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

// It ends with the thread that waits for it. What ends the process by a signal is expected: no word
// of it, and no image of its memory.
void PrepareChild() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const int signal :
       {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

[[noreturn]] void Work(int pipe, const std::function<void(const EmitBytes&)>& work) {
  PrepareChild();
  try {
    work([pipe](std::span<const unsigned char> bytes) { WriteAll(pipe, bytes); });
  } catch (...) {
    ::_exit(1);
  }
  WriteAll(pipe, {&kFinished, 1});
  ::_exit(0);
}

std::vector<unsigned char> ReadAll(int pipe) {
  std::vector<unsigned char> bytes(1 << 16);
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const ssize_t count = ::read(pipe, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return bytes;
}

std::span<unsigned char> PagesWithin(std::span<unsigned char> memory) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t over = reinterpret_cast<std::uintptr_t>(memory.data()) % page;
  const std::size_t before = std::min(over == 0 ? 0 : page - over, memory.size());
  return memory.subspan(before, (memory.size() - before) / page * page);
}

}  // namespace

std::optional<std::vector<unsigned char>> RunContained(
    const std::function<void(const EmitBytes&)>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) Fail("pipe");
  const FileDescriptor from_child(ends[0]);
  FileDescriptor to_parent(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) Fail("fork");
  if (child == 0) Work(to_parent.get(), work);
  to_parent.Close();
  std::vector<unsigned char> bytes = ReadAll(from_child.get());
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (bytes.empty() || bytes.back() != kFinished) return std::nullopt;
  bytes.pop_back();
  return bytes;
}

Withheld::Withheld(std::span<unsigned char> memory) : pages_(PagesWithin(memory)) {
  ::madvise(pages_.data(), pages_.size(), MADV_DONTFORK);  // where it fails, it only takes longer
}

Withheld::~Withheld() { ::madvise(pages_.data(), pages_.size(), MADV_DOFORK); }

}  // namespace gmmseg
