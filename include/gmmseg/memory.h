// How much memory the process may use.
#pragma once

#include <cstdint>

namespace gmmseg {

// Bytes: the smaller of the machine's memory and the process's cgroup limit.
std::int64_t AvailableMemory();

}  // namespace gmmseg
