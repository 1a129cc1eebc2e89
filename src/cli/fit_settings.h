#pragma once

#include <gmmseg/model.h>

#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

// What the command line asks of a fit: the options given, the defaults, and, with --init-model,
// that model's mixture, features, number of classes and covariance type; and the names of the
// classes. `scribbles` are the files that --scribbles stands for, which say how many classes there
// are where nothing else does. Throws ParameterError where an option contradicts the start model,
// and IoError where one of the files cannot be read.
SegmentOptions SettingsOf(const Options& options, const std::vector<std::string>& scribbles);

// The model of --model, its classes named as --class-names says. Throws ParameterError where that
// names a class which the model has not.
Model ModelToApply(const Options& options);

// What is to be written, and how. Of all outputs, those that a model with these features can give,
// but the impossible ones.
OutputOptions OutputsOf(const Options& options, const FeatureSpec& features,
                        const OutputSet& impossible);

// The same of regions.
OutputOptions RegionOutputsOf(const Options& options);

// The files beside the images that the run starts from.
std::vector<std::string> FilesTaken(const Options& options);

}  // namespace gmmseg::cli
