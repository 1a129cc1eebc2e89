#include <gmmseg/anomalies.h>
#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>

#include <Eigen/Cholesky>
#include <numeric>
#include <string>

#include "base/chi_square.h"
#include "segment/most_probable.h"

namespace gmmseg {
namespace {

// Distances of samples from components, in plane units, which do not change them.
class TailJudge {
 public:
  TailJudge(const Samples& samples, const GaussianMixture& mixture) : samples_(samples) {
    const GaussianMixture in_planes = ToStandardized(mixture, samples.standardization());
    std::vector<int> all(samples.num_features());
    std::iota(all.begin(), all.end(), 0);
    if (!samples.has_missing()) patterns_.emplace_back(in_planes, all);
    for (const std::vector<int>& features : samples.missing_patterns())
      patterns_.emplace_back(in_planes, features);
  }

  // `scratch` has room for all features.
  double Tail(std::int64_t sample, int component, Eigen::VectorXd& scratch) const {
    const Pattern& pattern = patterns_[samples_.MissingPattern(sample)];
    auto distance = scratch.head(std::ssize(pattern.features));
    for (Eigen::Index d = 0; d < distance.size(); ++d)
      distance[d] = samples_.Plane(pattern.features[d])[sample] - pattern.means(component, d);
    pattern.factors[component].matrixL().solveInPlace(distance);
    return pattern.tail(distance.squaredNorm());
  }

 private:
  // Of samples that have these features.
  struct Pattern {
    Pattern(const GaussianMixture& mixture, const std::vector<int>& known)
        : features(known),
          tail(static_cast<int>(known.size())),
          means(mixture.means(Eigen::all, known)) {
      for (const Eigen::MatrixXd& covariance : mixture.covariances)
        factors.emplace_back(covariance(known, known).eval().llt());
    }

    std::vector<int> features;
    ChiSquareTail tail;
    Eigen::MatrixXd means;  // K × D
    std::vector<Eigen::LLT<Eigen::MatrixXd>> factors;
  };

  const Samples& samples_;
  std::vector<Pattern> patterns_;
};

std::vector<float> OutlierTails(const Samples& samples, const GaussianMixture& mixture) {
  std::vector<float> tails(samples.size());
  const TailJudge judge(samples, mixture);
  VisitPosteriors(samples, mixture, [&](const PosteriorTile& tile) {
    Eigen::VectorXd scratch(samples.num_features());
    for (std::int64_t i = 0; i < tile.count; ++i)
      if (const std::int64_t sample = tile.first + i; samples.weights()[sample] > 0)
        tails[sample] = static_cast<float>(
            judge.Tail(sample, MostProbable(tile, mixture.num_components(), i), scratch));
  });
  return tails;
}

AnomalyMark Mark(bool unlikely, bool outlier) {
  if (unlikely) return outlier ? AnomalyMark::kBoth : AnomalyMark::kUnlikely;
  return outlier ? AnomalyMark::kOutlier : AnomalyMark::kUsual;
}

void Count(AnomalyMark mark, std::int64_t pixels, AnomalyCounts& counts) {
  const bool both = mark == AnomalyMark::kBoth;
  if (both || mark == AnomalyMark::kUnlikely) counts.num_unlikely += pixels;
  if (both || mark == AnomalyMark::kOutlier) counts.num_outliers += pixels;
  if (both) counts.num_both += pixels;
}

void CheckOutliers(const Model& model, double rate) {
  CheckAnomalyRate(rate);
  if (!IsDensity(model.mixture()))
    throw ParameterError(
        "a model with a tempered block is no density, and no pixel is unlikely under it; fit with "
        "position weight 1 or 0");
}

}  // namespace

void CheckAnomalyRate(double rate) {
  if (!(rate > 0 && rate < 1))
    throw ParameterError("anomaly rate = " + std::to_string(rate) +
                         "; must be greater than 0 and less than 1");
}

void CheckAnomalies(const Model& model, double rate) {
  CheckOutliers(model, rate);
  const std::vector<DensityQuantile>& known = model.log_density_quantiles;
  if (known.empty())
    throw ParameterError("the model does not tell how likely its training pixels are; fit it anew");
  if (!TrainingQuantile(model, rate))
    throw ParameterError("anomaly rate = " + std::to_string(rate) +
                         "; the model knows its training pixels' likelihoods from " +
                         std::to_string(known.front().probability) + " to " +
                         std::to_string(known.back().probability) +
                         " alone: take a rate between these, or fit it anew");
}

Anomalies FindAnomalies(const Segmentation& segmentation, double rate) {
  const Samples& samples = segmentation.planes.samples;
  Anomalies result{{rate, std::nullopt}, {}, {}};
  if (segmentation.num_valid == 0) {
    result.sample_tails.resize(samples.size());
    result.sample_marks.resize(samples.size(), AnomalyMark::kNoData);
    return result;
  }
  const Model& model = segmentation.model;
  CheckOutliers(model, rate);
  const std::optional<double> threshold = TrainingQuantile(model, rate);
  const std::optional<double> likeliest = TrainingQuantile(model, 1);
  result.counts.log_density_threshold = threshold;
  result.sample_tails = OutlierTails(samples, model.mixture());
  result.sample_marks.resize(samples.size(), AnomalyMark::kNoData);
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    if (!(samples.weights()[i] > 0)) continue;
    const double log_density = segmentation.sample_log_density[i];
    const bool unlikely = threshold && samples.MissingPattern(i) == 0 &&
                          log_density <= *threshold && !(likeliest && log_density >= *likeliest);
    result.sample_marks[i] = Mark(unlikely, result.sample_tails[i] < rate);
    Count(result.sample_marks[i], segmentation.planes.NumPixels(i), result.counts);
  }
  return result;
}

}  // namespace gmmseg
