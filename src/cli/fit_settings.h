#pragma once

#include <gmmseg/model.h>

#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

// What the command line asks of a fit: the options given, the defaults, and, with --init-model,
// that model's mixture, features, number of classes and covariance type. Throws ParameterError
// where an option contradicts the start model.
SegmentOptions SettingsOf(const Options& options);

// The model files that the run starts from.
std::vector<std::string> ModelFiles(const Options& options);

}  // namespace gmmseg::cli
