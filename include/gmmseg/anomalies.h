// Anomalies: the pixels that a model finds least likely, by two criteria.
#pragma once

#include <gmmseg/segment.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace gmmseg {

// A pixel is
// - unlikely, if its log-density is at most that which a share `rate` of the training pixels has at
//   most (see TrainingQuantile), and less than that of the likeliest one: about that share of an
//   image like the training images, more where many pixels are equal; one that lacks bands, whose
//   log-density is of another unit, never is;
// - an outlier, if its tail probability is less than `rate`: about none of the pixels of an image
//   that is what the model says, however few classes there are to be far from.
enum class AnomalyMark : std::uint8_t { kNoData, kUsual, kUnlikely, kOutlier, kBoth };

struct AnomalyCounts {
  double rate = 0;
  // Absent where no pixel has data, and where the model does not tell; then none is unlikely.
  std::optional<double> log_density_threshold;
  // Pixels; those that are both count in all three.
  std::int64_t num_unlikely = 0, num_outliers = 0, num_both = 0;
};

struct Anomalies {
  AnomalyCounts counts;
  // Of samples: P(χ²_D > d²), d the Mahalanobis distance from the mean of the most probable class,
  // D the number of features that the sample has; 0 where no data.
  std::vector<float> sample_tails;
  std::vector<AnomalyMark> sample_marks;
};

inline constexpr double kAnomalyRate = 0.01;

// Throws ParameterError where the rate does not lie between 0 and 1.
void CheckAnomalyRate(double rate);
// As that, and where the model is no density, or does not tell the training pixels' log-densities
// on both sides of the rate, without which no pixel is unlikely.
void CheckAnomalies(const Model& model, double rate);

// By the segmentation's own model. Where that does not tell the training pixels' log-densities,
// there are outliers alone. Throws ParameterError for the rate, and where the model is no density.
Anomalies FindAnomalies(const Segmentation& segmentation, double rate = kAnomalyRate);

}  // namespace gmmseg
