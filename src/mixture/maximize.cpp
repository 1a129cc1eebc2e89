#include "mixture/maximize.h"

#include <gmmseg/errors.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <string>

#include "mixture/log_determinant.h"

namespace gmmseg {
namespace {

// A component that holds less than this many samples has lost them.
constexpr double kVanished = 0.1;

// What float arithmetic in plane units needs: covariances of at least 1e-10 of the data's variance.
constexpr double kNumericalFloor = 1e-10;

ClippedCovariance ClipBlocks(const Eigen::MatrixXd& covariance, const MaximizeRules& rules) {
  ClippedCovariance result{Eigen::MatrixXd::Zero(covariance.rows(), covariance.cols()), false};
  for (const FeatureBlock& b : rules.blocks) {
    const ClippedCovariance block =
        ClipToFloor(covariance.block(b.first, b.first, b.size, b.size),
                    rules.floor.block(b.first, b.first, b.size, b.size));
    result.covariance.block(b.first, b.first, b.size, b.size) = block.covariance;
    result.clipped |= block.clipped;
  }
  return result;
}

ClippedCovariance ClipDiagonal(const Eigen::MatrixXd& covariance, const MaximizeRules& rules) {
  const Eigen::VectorXd variances = covariance.diagonal(), floor = rules.floor.diagonal();
  return {variances.cwiseMax(floor).asDiagonal(), (variances.array() < floor.array()).any()};
}

// One variance per block, in the user's units: the mean of its features' variances.
ClippedCovariance ClipSpherical(const Eigen::MatrixXd& covariance, const MaximizeRules& rules) {
  ClippedCovariance result{Eigen::MatrixXd::Zero(covariance.rows(), covariance.cols()), false};
  for (const FeatureBlock& b : rules.blocks) {
    const Eigen::VectorXd squared_scale = rules.scale.segment(b.first, b.size).cwiseAbs2();
    const double variance =
        covariance.diagonal().segment(b.first, b.size).dot(squared_scale) / b.size;
    const double floor =
        rules.floor.diagonal().segment(b.first, b.size).dot(squared_scale) / b.size;
    result.covariance.diagonal().segment(b.first, b.size) =
        std::max(variance, floor) * squared_scale.cwiseInverse();
    result.clipped |= variance < floor;
  }
  return result;
}

// The likeliest multiple of the sphere: by the tempers, for it is in all blocks.
ClippedCovariance ClipSphere(const Eigen::MatrixXd& covariance, const MaximizeRules& rules) {
  const Eigen::VectorXd inverse = rules.sphere.cwiseInverse();
  const Eigen::VectorXd multiples = covariance.diagonal().cwiseProduct(inverse);
  const Eigen::VectorXd floors = rules.floor.diagonal().cwiseProduct(inverse);
  double sum = 0, weight = 0, floor = 0;
  for (const FeatureBlock& b : rules.blocks) {
    sum += b.temper * multiples.segment(b.first, b.size).sum();
    weight += b.temper * b.size;
    floor = std::max(floor, floors.segment(b.first, b.size).mean());
  }
  const double multiple = weight > 0 ? sum / weight : 0;
  return {(std::max(multiple, floor) * rules.sphere).asDiagonal(), multiple < floor};
}

// What the samples of a component say of its covariance, and what is thought of it beforehand, by
// their shares of all samples.
Eigen::MatrixXd WithPrior(const Eigen::MatrixXd& covariance, double share,
                          const CovariancePrior& prior) {
  if (prior.share == 0) return covariance;
  return (share * covariance + prior.share * prior.covariance) / (share + prior.share);
}

ClippedCovariance Pooled(const MixtureStats& stats, const MaximizeRules& rules) {
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(stats.num_features(), stats.num_features());
  double weight = 0;
  for (int k = 0; k < stats.num_components(); ++k) {
    sum += stats.Weight(k) * stats.Covariance(k);
    weight += stats.Weight(k);
  }
  const double per_component = weight / stats.num_samples() / stats.num_components();
  return Clip(WithPrior(sum / weight, per_component, rules.prior), rules);
}

// The heaviest component never counts as vanished: where every one holds next to nothing, one is
// left. Nor do those that are known.
std::vector<int> Vanished(const Eigen::VectorXd& weights, double num_points, int num_known) {
  Eigen::Index heaviest;
  weights.maxCoeff(&heaviest);
  std::vector<int> vanished;
  for (int k = num_known; k < weights.size(); ++k)
    if (k != heaviest && weights[k] * num_points < kVanished) vanished.push_back(k);
  return vanished;
}

// Components that the samples have no say in are as they are known.
void KeepKnown(const MaximizeRules& rules, double num_points, MaximizeResult& result) {
  GaussianMixture& model = result.model;
  const bool tied = rules.covariance_type == CovarianceType::kTied;
  for (int k = 0; k < rules.num_known(); ++k) {
    if (rules.freeze == Freeze::kOff && model.weights[k] * num_points >= kVanished) continue;
    model.means.row(k) = rules.known.means.row(k);
    result.at_floor[k] = false;
    if (!tied || rules.freeze == Freeze::kOn) model.covariances[k] = rules.known.covariances[k];
  }
}

// The user's floor in plane units, raised to what float arithmetic needs.
Eigen::MatrixXd PlaneFloor(const Eigen::MatrixXd& floor, const Eigen::VectorXd& scale) {
  const Eigen::Index d = scale.size();
  const Eigen::MatrixXd smallest = kNumericalFloor * Eigen::MatrixXd::Identity(d, d);
  if (floor.size() == 0) return smallest;
  if (floor.rows() != d || floor.cols() != d)
    throw ParameterError("floor is " + std::to_string(floor.rows()) + " x " +
                         std::to_string(floor.cols()) + "; must be " + std::to_string(d) + " x " +
                         std::to_string(d));
  if (!floor.allFinite() || !floor.isApprox(floor.transpose(), 1e-9))
    throw ParameterError("floor must be finite and symmetric");
  const Eigen::VectorXd inverse = scale.cwiseInverse();
  return ClipToFloor(inverse.asDiagonal() * floor * inverse.asDiagonal(), smallest).covariance;
}

}  // namespace

MaximizeRules RulesFor(const Standardization& standardization, const Eigen::MatrixXd& floor,
                       CovarianceType type, const std::vector<FeatureBlock>& blocks) {
  MaximizeRules rules;
  rules.covariance_type = type;
  rules.blocks = blocks;
  if (rules.blocks.empty())
    rules.blocks = {{0, static_cast<int>(standardization.scale.size()), 1.0}};
  rules.scale = standardization.scale;
  rules.floor = PlaneFloor(floor, rules.scale);
  return rules;
}

MaximizeRules KMeansRules(const Standardization& standardization, const Eigen::MatrixXd& floor,
                          const std::vector<FeatureBlock>& blocks, const Eigen::VectorXd& sphere) {
  MaximizeRules rules = RulesFor(standardization, floor, CovarianceType::kSpherical, blocks);
  rules.method = FitMethod::kKMeans;
  rules.sphere = sphere;
  return rules;
}

MaximizeRules RulesLike(const GaussianMixture& plane_model, const FitResult& fit,
                        const Standardization& standardization, const Eigen::MatrixXd& floor) {
  if (fit.method == FitMethod::kKMeans)
    return KMeansRules(standardization, floor, plane_model.blocks,
                       plane_model.covariances[plane_model.PresentComponents().front()].diagonal());
  MaximizeRules rules =
      RulesFor(standardization, floor, plane_model.covariance_type, plane_model.blocks);
  if (fit.prior.share > 0) {
    const Eigen::VectorXd inverse = standardization.scale.cwiseInverse();
    rules.prior = {fit.prior.share,
                   inverse.asDiagonal() * fit.prior.covariance * inverse.asDiagonal()};
  }
  return rules;
}

double LogPrior(const GaussianMixture& model, const MaximizeRules& rules) {
  if (rules.prior.share == 0) return 0;
  double sum = 0;
  for (const Eigen::MatrixXd& covariance : model.covariances)
    for (const FeatureBlock& b : rules.blocks) {
      const Eigen::LLT<Eigen::MatrixXd> factor(covariance.block(b.first, b.first, b.size, b.size));
      sum += b.temper *
             (LogDeterminant(factor) +
              factor.solve(rules.prior.covariance.block(b.first, b.first, b.size, b.size)).trace());
    }
  return -rules.prior.share / 2 * sum;
}

ClippedCovariance Clip(const Eigen::MatrixXd& covariance, const MaximizeRules& rules) {
  if (rules.method == FitMethod::kKMeans) return ClipSphere(covariance, rules);
  switch (rules.covariance_type) {
    case CovarianceType::kDiagonal:
      return ClipDiagonal(covariance, rules);
    case CovarianceType::kSpherical:
      return ClipSpherical(covariance, rules);
    default:
      return ClipBlocks(covariance, rules);
  }
}

ClippedCovariance ClipToFloor(const Eigen::MatrixXd& covariance, const Eigen::MatrixXd& floor) {
  if (Eigen::LLT<Eigen::MatrixXd>(covariance - floor).info() == Eigen::Success)
    return {covariance, false};
  const Eigen::LLT<Eigen::MatrixXd> cholesky(floor);
  const Eigen::MatrixXd half = cholesky.matrixL().solve(covariance);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      cholesky.matrixL().solve(half.transpose()));
  if (eigen.eigenvalues().minCoeff() >= 1) return {covariance, false};
  const Eigen::MatrixXd whitened = eigen.eigenvectors() *
                                   eigen.eigenvalues().cwiseMax(1).asDiagonal() *
                                   eigen.eigenvectors().transpose();
  const Eigen::MatrixXd raised =
      cholesky.matrixL() * whitened * Eigen::MatrixXd(cholesky.matrixL()).transpose();
  return {0.5 * (raised + raised.transpose()), true};
}

Eigen::MatrixXd PooledCovariance(const GaussianMixture& model) {
  Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(model.num_features(), model.num_features());
  for (int k = 0; k < model.num_components(); ++k)
    pooled += model.weights[k] * model.covariances[k];
  return pooled / model.weights.sum();
}

Eigen::MatrixXd SmallestCovariance(const MaximizeRules& rules) {
  return Clip(Eigen::MatrixXd::Zero(rules.floor.rows(), rules.floor.cols()), rules).covariance;
}

MaximizeResult Maximize(const MixtureStats& stats, const MaximizeRules& rules, double num_points) {
  const int num_components = stats.num_components();
  MaximizeResult result;
  result.model.covariance_type = rules.covariance_type;
  result.model.blocks = rules.blocks;
  result.model.weights.resize(num_components);
  result.model.means.resize(num_components, stats.num_features());
  const bool shared = rules.shares_covariance();
  const ClippedCovariance pooled = shared ? Pooled(stats, rules) : ClippedCovariance{};
  for (int k = 0; k < num_components; ++k) {
    const double weight = stats.Weight(k) / stats.num_samples();
    result.model.weights[k] = weight;
    result.model.means.row(k) = stats.Mean(k);
    const ClippedCovariance clipped =
        shared ? pooled : Clip(WithPrior(stats.Covariance(k), weight, rules.prior), rules);
    result.model.covariances.push_back(clipped.covariance);
    result.at_floor.push_back(clipped.clipped);
  }
  result.model.weights /= result.model.weights.sum();  // 1 but for the rounding of float sums
  KeepKnown(rules, num_points, result);
  result.vanished = Vanished(result.model.weights, num_points, rules.num_known());
  if (rules.method == FitMethod::kKMeans) result.model.weights.setConstant(1.0 / num_components);
  return result;
}

}  // namespace gmmseg
