#include <gmmseg/memory.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace gmmseg {
namespace {

// A number of bytes from a file of the kernel; `otherwise` where there is none ("max", no file).
std::int64_t ReadBytes(const char* path, std::int64_t otherwise) {
  std::int64_t bytes = 0;
  std::ifstream file(path);
  return file >> bytes && bytes > 0 ? bytes : otherwise;
}

}  // namespace

std::int64_t AvailableMemory() {
  const std::int64_t machine =
      static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  const std::int64_t v2 = ReadBytes("/sys/fs/cgroup/memory.max", machine);
  const std::int64_t v1 = ReadBytes("/sys/fs/cgroup/memory/memory.limit_in_bytes", machine);
  return std::min({machine, v2, v1});
}

}  // namespace gmmseg
