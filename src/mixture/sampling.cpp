#include "mixture/sampling.h"

#include <gmmseg/errors.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.h"

namespace gmmseg {
namespace {

// How many of n draws are each component's: multinomial(n, weights).
std::vector<std::int64_t> DrawCounts(const Eigen::VectorXd& weights, std::int64_t n,
                                     RandomStream choices) {
  Eigen::VectorXd cumulative(weights.size());
  std::partial_sum(weights.begin(), weights.end(), cumulative.begin());
  cumulative /= cumulative[cumulative.size() - 1];
  std::vector<std::int64_t> counts(weights.size());
  for (std::int64_t i = 0; i < n; ++i)
    ++counts[std::upper_bound(cumulative.begin(), cumulative.end() - 1, choices.Uniform()) -
             cumulative.begin()];
  return counts;
}

}  // namespace

void CheckSampling(const GaussianMixture& model, std::int64_t n) {
  if (n < 0)
    throw ParameterError("number of points to draw = " + std::to_string(n) + "; must be >= 0");
  Validate(model);
  if (!IsDensity(model))
    throw ParameterError(
        "a model with a tempered block is no density and cannot be sampled; fit with position "
        "weight 1 or 0");
}

void VisitSamples(const GaussianMixture& model, std::int64_t n, std::uint64_t seed,
                  const std::function<void(int component, const Eigen::VectorXd& point)>& visit) {
  CheckSampling(model, n);
  const std::vector<std::int64_t> counts = DrawCounts(model.weights, n, RandomStream(seed, 0));
  RandomStream normals(seed, 1);
  Eigen::VectorXd z(model.num_features()), point(model.num_features());
  for (int k = 0; k < model.num_components(); ++k) {
    const Eigen::MatrixXd factor = model.covariances[k].llt().matrixL();
    for (std::int64_t i = 0; i < counts[k]; ++i) {
      for (double& value : z) value = normals.Normal();
      point = model.means.row(k).transpose() + factor * z;
      visit(k, point);
    }
  }
}

MixtureSamples Sample(const GaussianMixture& model, std::int64_t n, std::uint64_t seed) {
  CheckSampling(model, n);
  MixtureSamples samples{Eigen::MatrixXd(n, model.num_features()), {}};
  samples.components.reserve(n);
  VisitSamples(model, n, seed, [&samples](int component, const Eigen::VectorXd& point) {
    samples.points.row(std::ssize(samples.components)) = point;
    samples.components.push_back(component);
  });
  return samples;
}

}  // namespace gmmseg
