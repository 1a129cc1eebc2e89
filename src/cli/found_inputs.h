#pragma once

#include <gmmseg/inputs.h>

#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

// Tells what was left out of the words' files. Throws IoError where nothing is left.
void CheckFound(const InputList& inputs, const std::vector<std::string>& words,
                Verbosity verbosity);

}  // namespace gmmseg::cli
