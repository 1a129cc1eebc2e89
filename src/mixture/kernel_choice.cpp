#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "mixture/kernels.h"

namespace gmmseg {
namespace {

std::vector<const Kernels*> Usable() {
  const char* const forced = std::getenv("GMMSEG_SIMD");
  const bool is_forced = forced != nullptr && *forced != '\0';
  std::vector<const Kernels*> usable;
  std::string known;
  for (const Kernels& kernels : AvailableKernels()) {
    if (!is_forced || kernels.name == forced) usable.push_back(&kernels);
    known += (known.empty() ? "" : ", ") + std::string(kernels.name);
  }
  if (usable.empty())
    throw ParameterError("GMMSEG_SIMD = '" + std::string(forced) + "'; this machine has " + known);
  return usable;
}

const Kernels*& Chosen() {
  static const Kernels* chosen = Usable().front();
  return chosen;
}

}  // namespace

const Kernels& ActiveKernels() { return *Chosen(); }

std::string_view InstructionSet() { return ActiveKernels().name; }

std::vector<std::string> InstructionSets() {
  std::vector<std::string> names;
  for (const Kernels* const kernels : Usable()) names.emplace_back(kernels->name);
  return names;
}

void UseInstructionSet(std::string_view name) {
  for (const Kernels* const kernels : Usable())
    if (kernels->name == name) {
      Chosen() = kernels;
      return;
    }
  throw ParameterError("instruction set '" + std::string(name) + "': this process has none such");
}

}  // namespace gmmseg
