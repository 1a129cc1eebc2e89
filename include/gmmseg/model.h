// Model: a fitted mixture with all that is needed to apply it to another image and to know where it
// came from.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/component_merge.h>
#include <gmmseg/features.h>
#include <gmmseg/fit.h>
#include <gmmseg/model_selection.h>
#include <gmmseg/tissue_options.h>

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gmmseg {

struct TrainingInput {
  std::string name;  // file name without folder
  // "fnv1a64:" and 16 hexadecimal digits, of the file's bytes; with a weight map or scribbles, of
  // all these files'.
  // Empty where there was no file.
  std::string hash;
};

enum class ClassOrder {
  kFirstMean,  // ascending mean of the first feature, as a fit gives
  kReference,  // that of the model whose classes were matched
  kScribbles,  // as the strokes have it, and ascending where there are none
};

// A share of the training image's pixels that lack no band, by weight, has at most this
// log-density. Densities of fewer bands are of another unit.
struct DensityQuantile {
  double probability = 0;
  double log_density = 0;  // natural logarithm, the user's units

  bool operator==(const DensityQuantile&) const = default;
};

struct Model {
  FeatureLayout features;
  Standardization standardization;  // of the training features: plane = (value - offset) / scale
  FitResult fit;                    // the mixture itself is fit.model
  std::optional<double> bic, aic, icl;  // absent for a tempered model, no density, and k-means
  // Every K that was tried, ascending, where K was chosen; empty where it was given.
  std::vector<Candidate> candidates;
  ComponentMerge merge;  // which components make a class; levels where the fit merged them
  ClassTable classes;    // by ComponentMerge::ClassOf of the mixture's components
  ClassOrder order = ClassOrder::kFirstMean;
  // Where it is of tissues: then of a volume without its field, and without mixes of two tissues.
  std::optional<TissuePreset> preset;
  std::uint64_t seed = 0;
  std::vector<TrainingInput> inputs;
  // Of the training pixels, ascending; at kQuantiles where a fit set them, at others where an
  // older program did. Empty where nothing is known of them.
  std::vector<DensityQuantile> log_density_quantiles;
  static constexpr double kQuantiles[] = {
      0,    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1,
      0.15, 0.2,    0.25,   0.3,    0.4,   0.5,   0.6,   0.75, 0.9,  0.95, 0.99, 1};

  const GaussianMixture& mixture() const { return fit.model; }
};

// "fnv1a64:" and 16 hexadecimal digits: of the features, their scaling and the mixture, which
// decide what the model says of a pixel, and of nothing else.
std::string HashOfMixture(const Model& model);

// The log-density that this share (0…1) of the training pixels has at most: as stored, else between
// the two stored ones linearly in the log-odds of the probability, along which the tail of a
// Gaussian is nearly straight (in the probability itself beside 0 and 1, where these have no end).
// Nothing where none is stored on one of the sides.
std::optional<double> TrainingQuantile(const Model& model, double probability);

}  // namespace gmmseg
