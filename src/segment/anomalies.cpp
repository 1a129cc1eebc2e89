#include <gmmseg/anomalies.h>
#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <string>

#include "base/chi_square.h"

namespace gmmseg {
namespace {

// Distances of samples from components, in plane units, which do not change them.
class TailJudge {
 public:
  TailJudge(const Samples& samples, const GaussianMixture& mixture)
      : samples_(samples), tail_(samples.num_features()) {
    const GaussianMixture in_planes = ToStandardized(mixture, samples.standardization());
    means_ = in_planes.means.transpose();
    for (const Eigen::MatrixXd& covariance : in_planes.covariances)
      factors_.emplace_back(covariance.llt());
  }

  // `scratch` has an entry per feature.
  double Tail(std::int64_t sample, int component, Eigen::VectorXd& scratch) const {
    for (int d = 0; d < samples_.num_features(); ++d)
      scratch[d] = samples_.Plane(d)[sample] - means_(d, component);
    factors_[component].matrixL().solveInPlace(scratch);
    return tail_(scratch.squaredNorm());
  }

 private:
  const Samples& samples_;
  ChiSquareTail tail_;
  Eigen::MatrixXd means_;  // D × K
  std::vector<Eigen::LLT<Eigen::MatrixXd>> factors_;
};

int MostProbable(const PosteriorTile& tile, int num_components, std::int64_t i) {
  int best = 0;
  for (int k = 1; k < num_components; ++k)
    if (tile.Posterior(k, i) > tile.Posterior(best, i)) best = k;
  return best;
}

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

}  // namespace

void CheckAnomalyRate(double rate) {
  if (!(rate > 0 && rate < 1))
    throw ParameterError("anomaly rate = " + std::to_string(rate) +
                         "; must be greater than 0 and less than 1");
}

void CheckAnomalies(const Model& model, double rate) {
  CheckAnomalyRate(rate);
  if (!IsDensity(model.mixture()))
    throw ParameterError(
        "a model with a tempered block is no density, and no pixel is unlikely under it; fit with "
        "position weight 1 or 0");
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
  CheckAnomalies(model, rate);
  const double threshold = *TrainingQuantile(model, rate);
  const std::optional<double> likeliest = TrainingQuantile(model, 1);
  result.counts.log_density_threshold = threshold;
  result.sample_tails = OutlierTails(samples, model.mixture());
  result.sample_marks.resize(samples.size(), AnomalyMark::kNoData);
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    if (!(samples.weights()[i] > 0)) continue;
    const double log_density = segmentation.sample_log_density[i];
    const bool unlikely = log_density <= threshold && !(likeliest && log_density >= *likeliest);
    result.sample_marks[i] = Mark(unlikely, result.sample_tails[i] < rate);
    Count(result.sample_marks[i], std::llround(samples.weights()[i]), result.counts);
  }
  return result;
}

}  // namespace gmmseg
