// Model: a fitted mixture with all that is needed to apply it to another image and to know where it
// came from.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/features.h>
#include <gmmseg/fit.h>
#include <gmmseg/model_selection.h>

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gmmseg {

struct TrainingInput {
  std::string name;  // file name without folder
  std::string hash;  // "fnv1a64:" and 16 hexadecimal digits, of the file's bytes; empty where there
                     // was no file
};

enum class ClassOrder {
  kFirstMean,  // ascending mean of the first feature, as a fit gives
  kReference,  // that of the model whose classes were matched
};

struct Model {
  FeatureLayout features;
  Standardization standardization;  // of the training features: plane = (value - offset) / scale
  FitResult fit;                    // the mixture itself is fit.model
  std::optional<double> bic, aic, icl;  // absent for a tempered model, which is not a density
  // Every K that was tried, ascending, where K was chosen; empty where it was given.
  std::vector<Candidate> candidates;
  ClassTable classes;  // K, in the mixture's order
  ClassOrder order = ClassOrder::kFirstMean;
  std::uint64_t seed = 0;
  std::vector<TrainingInput> inputs;
  // Log-density per pixel of the training image (natural logarithm, the user's units) at the
  // probabilities kQuantiles.
  std::vector<double> log_density_quantiles;
  static constexpr double kQuantiles[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

  const GaussianMixture& mixture() const { return fit.model; }
};

}  // namespace gmmseg
