#include <gmmseg/errors.h>
#include <gmmseg/gaussian_mixture.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "base/words.h"

namespace gmmseg {
namespace {

constexpr Word<CovarianceType> kCovarianceWords[] = {{CovarianceType::kFull, "full"},
                                                     {CovarianceType::kTied, "tied"},
                                                     {CovarianceType::kDiagonal, "diagonal"},
                                                     {CovarianceType::kSpherical, "spherical"}};

void Require(bool holds, const std::string& message) {
  if (!holds) throw ParameterError(message);
}

std::string Component(int k) { return "component " + std::to_string(k + 1); }

void ValidateCovariance(const GaussianMixture& model, int k) {
  const Eigen::MatrixXd& covariance = model.covariances[k];
  const int d = model.num_features();
  Require(covariance.rows() == d && covariance.cols() == d,
          "covariance of " + Component(k) + " is " + std::to_string(covariance.rows()) + " x " +
              std::to_string(covariance.cols()) + "; must be " + std::to_string(d) + " x " +
              std::to_string(d));
  Require(covariance.allFinite(),
          "covariance of " + Component(k) + " has an entry that is not finite");
  Require(covariance.isApprox(covariance.transpose(), 1e-9),
          "covariance of " + Component(k) + " is not symmetric");
  Eigen::MatrixXd within = Eigen::MatrixXd::Zero(d, d);
  for (const FeatureBlock& b : model.blocks)
    within.block(b.first, b.first, b.size, b.size) =
        covariance.block(b.first, b.first, b.size, b.size);
  Require(within == covariance,
          "covariance of " + Component(k) + " has an entry between two feature blocks; must be 0");
  Require(covariance.llt().info() == Eigen::Success,
          "covariance of " + Component(k) + " is not positive definite");
}

Eigen::VectorXd Scales(const Standardization& s, const GaussianMixture& model) {
  Require(s.scale.size() == model.num_features(),
          "the model has " + std::to_string(model.num_features()) + " features, the samples " +
              std::to_string(s.scale.size()));
  return s.scale;
}

}  // namespace

std::string_view ToString(CovarianceType type) { return ToWord(type, kCovarianceWords); }
CovarianceType ParseCovarianceType(std::string_view word) {
  return FromWord(word, kCovarianceWords, "covariance type");
}

std::vector<int> GaussianMixture::PresentComponents() const {
  std::vector<int> present;
  for (int k = 0; k < num_components(); ++k)
    if (weights[k] > 0) present.push_back(k);
  return present;
}

void ValidateBlocks(const std::vector<FeatureBlock>& blocks, int num_features) {
  int next = 0;
  for (const FeatureBlock& block : blocks) {
    Require(block.first == next && block.size >= 1,
            "feature blocks must follow one another without gaps; a block starts at feature " +
                std::to_string(block.first) + " with size " + std::to_string(block.size) +
                " where " + std::to_string(next) + " is next");
    Require(block.temper >= 0 && std::isfinite(block.temper),
            "temper of a feature block = " + std::to_string(block.temper) +
                "; must be finite and >= 0");
    next += block.size;
  }
  Require(next == num_features, "feature blocks cover " + std::to_string(next) +
                                    " features; the means have " + std::to_string(num_features));
}

void Validate(const GaussianMixture& model) {
  const int num_components = model.num_components();
  Require(num_components >= 1, "the model has no component");
  Require(model.means.rows() == num_components && model.means.cols() >= 1,
          "means are " + std::to_string(model.means.rows()) + " x " +
              std::to_string(model.means.cols()) + "; must be " + std::to_string(num_components) +
              " x D with D >= 1");
  Require(static_cast<int>(model.covariances.size()) == num_components,
          std::to_string(model.covariances.size()) + " covariances for " +
              std::to_string(num_components) + " components");
  Require(model.weights.allFinite() && (model.weights.array() >= 0).all(),
          "mixing weights must be finite and >= 0");
  Require(std::abs(model.weights.sum() - 1) <= 1e-6,
          "mixing weights add up to " + std::to_string(model.weights.sum()) + "; must be 1");
  Require(model.means.allFinite(), "means must be finite");
  ValidateBlocks(model.blocks, model.num_features());
  for (int k = 0; k < num_components; ++k) ValidateCovariance(model, k);
}

bool IsDensity(const GaussianMixture& model) {
  return std::all_of(model.blocks.begin(), model.blocks.end(),
                     [](const FeatureBlock& block) { return block.temper == 1.0; });
}

Eigen::VectorXd LogComponentDensities(const GaussianMixture& model, const Eigen::VectorXd& point) {
  Eigen::VectorXd log_densities = model.weights.array().log();
  for (int k = 0; k < model.num_components(); ++k) {
    for (const FeatureBlock& b : model.blocks) {
      const Eigen::LLT<Eigen::MatrixXd> cholesky(
          model.covariances[k].block(b.first, b.first, b.size, b.size));
      const Eigen::VectorXd residual =
          point.segment(b.first, b.size) - model.means.row(k).segment(b.first, b.size).transpose();
      const double squared_distance = cholesky.matrixL().solve(residual).squaredNorm();
      const double half_log_determinant = cholesky.matrixLLT().diagonal().array().log().sum();
      log_densities[k] -= b.temper * (0.5 * squared_distance + half_log_determinant +
                                      0.5 * b.size * std::log(2 * std::numbers::pi));
    }
  }
  return log_densities;
}

double LogDensity(const GaussianMixture& model, const Eigen::VectorXd& point) {
  const Eigen::VectorXd log_densities = LogComponentDensities(model, point);
  const double largest = log_densities.maxCoeff();
  return largest + std::log((log_densities.array() - largest).exp().sum());
}

Eigen::VectorXd Posterior(const GaussianMixture& model, const Eigen::VectorXd& point) {
  const Eigen::VectorXd log_densities = LogComponentDensities(model, point);
  // Eigen's own exp makes a little more than nothing of minus infinity.
  const Eigen::VectorXd densities =
      (log_densities.array() - log_densities.maxCoeff()).unaryExpr([](double x) {
        return std::exp(x);
      });
  return densities / densities.sum();
}

std::int64_t NumFreeParameters(const GaussianMixture& model) {
  const std::int64_t k = std::ssize(model.PresentComponents()), d = model.num_features();
  std::int64_t triangle = 0;
  for (const FeatureBlock& b : model.blocks) triangle += std::int64_t{b.size} * (b.size + 1) / 2;
  const std::int64_t common = k - 1 + k * d;
  switch (model.covariance_type) {
    case CovarianceType::kFull:
      return common + k * triangle;
    case CovarianceType::kTied:
      return common + triangle;
    case CovarianceType::kDiagonal:
      return common + k * d;
    case CovarianceType::kSpherical:
      break;
  }
  return common + k * static_cast<std::int64_t>(model.blocks.size());
}

double Bic(const GaussianMixture& model, double total_log_likelihood, double num_samples) {
  return -2 * total_log_likelihood +
         static_cast<double>(NumFreeParameters(model)) * std::log(num_samples);
}

double Aic(const GaussianMixture& model, double total_log_likelihood) {
  return -2 * total_log_likelihood + 2 * static_cast<double>(NumFreeParameters(model));
}

GaussianMixture ToStandardized(const GaussianMixture& model,
                               const Standardization& standardization) {
  const Eigen::VectorXd inverse = Scales(standardization, model).cwiseInverse();
  GaussianMixture result = model;
  result.means =
      (model.means.rowwise() - standardization.offset.transpose()) * inverse.asDiagonal();
  for (Eigen::MatrixXd& covariance : result.covariances)
    covariance = inverse.asDiagonal() * covariance * inverse.asDiagonal();
  return result;
}

GaussianMixture FromStandardized(const GaussianMixture& model,
                                 const Standardization& standardization) {
  const Eigen::VectorXd scale = Scales(standardization, model);
  GaussianMixture result = model;
  result.means = (model.means * scale.asDiagonal()).rowwise() + standardization.offset.transpose();
  for (Eigen::MatrixXd& covariance : result.covariances)
    covariance = scale.asDiagonal() * covariance * scale.asDiagonal();
  return result;
}

std::vector<int> CanonicalOrder(const GaussianMixture& model) {
  std::vector<int> order(model.num_components());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int k) {
    std::vector<double> values(model.means.row(k).begin(), model.means.row(k).end());
    values.push_back(model.weights[k]);
    return values;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
  return order;
}

GaussianMixture Reordered(const GaussianMixture& model, const std::vector<int>& order) {
  GaussianMixture result = model;
  result.weights = model.weights(order);
  result.means = model.means(order, Eigen::all);
  result.covariances.clear();
  for (const int k : order) result.covariances.push_back(model.covariances[k]);
  return result;
}

}  // namespace gmmseg
