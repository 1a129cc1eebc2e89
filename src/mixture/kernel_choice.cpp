#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>

#include <cstdlib>
#include <string>

#include "mixture/kernels.h"

namespace gmmseg {
namespace {

const Kernels& Choose() {
  const char* forced = std::getenv("GMMSEG_SIMD");
  if (forced == nullptr || *forced == '\0') return AvailableKernels().front();
  std::string known;
  for (const Kernels& kernels : AvailableKernels()) {
    if (kernels.name == forced) return kernels;
    known += (known.empty() ? "" : ", ") + std::string(kernels.name);
  }
  throw ParameterError("GMMSEG_SIMD = '" + std::string(forced) + "'; this machine has " + known);
}

}  // namespace

const Kernels& ActiveKernels() {
  static const Kernels& kernels = Choose();
  return kernels;
}

std::string_view InstructionSet() { return ActiveKernels().name; }

}  // namespace gmmseg
