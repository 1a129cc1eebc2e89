#include "mixture/extrapolate.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gmmseg {
namespace {

Eigen::VectorXd Flatten(const GaussianMixture& model) {
  const int num_components = model.num_components(), d = model.num_features();
  Eigen::VectorXd flat(num_components * (1 + d + d * d));
  Eigen::Index at = 0;
  const auto append = [&](const auto& values) {
    flat.segment(at, values.size()) = values.reshaped();
    at += values.size();
  };
  // A known component may have lost all its weight.
  append(model.weights.array().max(std::numeric_limits<double>::min()).log());
  append(model.means);
  for (const Eigen::MatrixXd& covariance : model.covariances) {
    Eigen::MatrixXd factor = covariance.llt().matrixL();
    factor.diagonal() = factor.diagonal().array().log();
    append(factor);
  }
  return flat;
}

// To the bit, which the way through factors does not keep.
void KeepFrozen(const MaximizeRules& rules, GaussianMixture& model) {
  if (rules.freeze == Freeze::kOff) return;
  model.means.topRows(rules.num_known()) = rules.known.means;
  std::ranges::copy(rules.known.covariances, model.covariances.begin());
}

GaussianMixture Unflatten(const Eigen::VectorXd& flat, const MaximizeRules& rules,
                          int num_components) {
  const Eigen::Index d = rules.scale.size();
  GaussianMixture model{rules.covariance_type, rules.blocks, {}, {}, {}};
  const Eigen::ArrayXd logits = flat.head(num_components);
  model.weights = (logits - logits.maxCoeff()).exp();
  model.weights /= model.weights.sum();
  model.means = flat.segment(num_components, num_components * d).reshaped(num_components, d);
  for (int k = 0; k < num_components; ++k) {
    Eigen::MatrixXd factor =
        flat.segment(num_components * (1 + d) + k * d * d, d * d).reshaped(d, d);
    factor.diagonal() = factor.diagonal().array().exp();
    model.covariances.push_back(Clip(factor * factor.transpose(), rules).covariance);
  }
  KeepFrozen(rules, model);
  return model;
}

}  // namespace

Extrapolation Extrapolate(const GaussianMixture& zeroth, const GaussianMixture& first,
                          const GaussianMixture& second, double max_length,
                          const MaximizeRules& rules) {
  const Eigen::VectorXd start = Flatten(zeroth), middle = Flatten(first);
  const Eigen::VectorXd r = middle - start;
  const Eigen::VectorXd v = Flatten(second) - middle - r;
  const double length = std::clamp(r.norm() / v.norm(), 1.0, max_length);
  if (!(length > 1)) return {second, 1};
  return {Unflatten(start + 2 * length * r + length * length * v, rules, zeroth.num_components()),
          length};
}

}  // namespace gmmseg
