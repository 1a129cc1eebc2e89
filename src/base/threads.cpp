#include <gmmseg/errors.h>
#include <gmmseg/threads.h>
#include <oneapi/tbb/global_control.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace gmmseg {
namespace {

int AffinityCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

// Cores granted by "quota period" (microseconds); 0 where there is no limit.
int QuotaCores(double quota, double period) {
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>(std::ceil(quota / period))) : 0;
}

int CgroupCores() {
  std::string quota;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period)
    return quota == "max" ? 0 : QuotaCores(std::atof(quota.c_str()), period);
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double v1 = 0;
  return v1_quota >> v1 && v1_period >> period ? QuotaCores(v1, period) : 0;
}

}  // namespace

int AvailableThreads() {
  const int cores = AffinityCores(), quota = CgroupCores();
  return quota > 0 ? std::min(cores, quota) : cores;
}

int ActiveThreads() {
  return static_cast<int>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
}

struct ThreadLimit::Impl {
  tbb::global_control control;
};

ThreadLimit::ThreadLimit(int num_threads) {
  if (num_threads < 1)
    throw ParameterError("threads = " + std::to_string(num_threads) + "; must be >= 1");
  impl_.reset(new Impl{
      {tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(num_threads)}});
}

ThreadLimit::~ThreadLimit() = default;

}  // namespace gmmseg
