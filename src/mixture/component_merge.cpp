#include <gmmseg/component_merge.h>
#include <gmmseg/errors.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>

namespace gmmseg {
namespace {

constexpr std::int64_t kMostPosteriors = std::int64_t{1} << 21;
constexpr float kNegligible = 1e-7f;  // beside a sum of 1, in float

double EntropyTerm(double p) { return p > 0 ? -p * std::log(p) : 0; }

Samples EvenlySpaced(const Samples& samples, std::int64_t most) {
  std::vector<std::int64_t> places(std::min(samples.size(), most));
  for (std::int64_t i = 0; i < std::ssize(places); ++i)
    places[i] = i * samples.size() / std::ssize(places);
  return samples.At(places);
}

// The classes of a level, and what their posteriors say.
class Merger {
 public:
  Merger(const Samples& samples, const GaussianMixture& model)
      : posteriors_(model.num_components(), samples.size()),
        weights_(
            Eigen::Map<const Eigen::VectorXf>(samples.weights(), samples.size()).cast<double>()),
        gains_(Eigen::MatrixXd::Zero(model.num_components(), model.num_components())),
        class_of_(model.num_components()) {
    if (const double total = weights_.sum(); total > 0) weights_ /= total;
    VisitPosteriors(samples, model, [this](const PosteriorTile& tile) {
      for (std::int64_t i = 0; i < tile.count; ++i)
        for (Eigen::Index k = 0; k < posteriors_.rows(); ++k)
          posteriors_(k, tile.first + i) = tile.Posterior(static_cast<int>(k), i);
    });
    std::iota(class_of_.begin(), class_of_.end(), 0);
    classes_ = class_of_;
    entropy_ = Entropy();
    oneapi::tbb::parallel_for(std::size_t{0}, classes_.size(), [this](std::size_t k) {
      gains_.col(static_cast<Eigen::Index>(k)) = GainsOf(static_cast<int>(k));
    });
  }

  int num_classes() const { return static_cast<int>(classes_.size()); }
  double entropy() const { return entropy_; }
  const std::vector<int>& class_of() const { return class_of_; }  // each class by its lowest place

  std::array<int, 2> MergeTwo() {
    const auto [first, second] = BestPair();
    const double gain = gains_(second, first);
    posteriors_.row(first) += posteriors_.row(second);
    posteriors_.row(second).setZero();
    std::erase(classes_, second);
    entropy_ = num_classes() > 1 ? std::max(0.0, entropy_ - gain) : 0;
    std::ranges::replace(class_of_, second, first);
    gains_.col(first) = GainsOf(first);
    gains_.row(first) = gains_.col(first).transpose();
    return {first, second};
  }

 private:
  double Entropy() const {
    double entropy = 0;
    for (Eigen::Index i = 0; i < posteriors_.cols(); ++i)
      if (weights_[i] > 0)
        for (Eigen::Index k = 0; k < posteriors_.rows(); ++k)
          entropy += weights_[i] * EntropyTerm(posteriors_(k, i));
    return entropy;
  }

  // What the union with each other class takes off the entropy.
  Eigen::VectorXd GainsOf(int k) const {
    Eigen::VectorXd gains = Eigen::VectorXd::Zero(posteriors_.rows());
    for (Eigen::Index i = 0; i < posteriors_.cols(); ++i) {
      const float p = posteriors_(k, i);
      if (p <= kNegligible || !(weights_[i] > 0)) continue;
      for (const int other : classes_)
        if (const float q = posteriors_(other, i); other != k && q > kNegligible)
          gains[other] +=
              weights_[i] * (EntropyTerm(p) + EntropyTerm(q) - EntropyTerm(double{p} + q));
    }
    return gains;
  }

  // The first of equals.
  std::array<int, 2> BestPair() const {
    std::array<int, 2> best{};
    double highest = -std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < classes_.size(); ++a)
      for (std::size_t b = a + 1; b < classes_.size(); ++b)
        if (const double gain = gains_(classes_[b], classes_[a]); gain > highest) {
          highest = gain;
          best = {classes_[a], classes_[b]};
        }
    return best;
  }

  Eigen::MatrixXf posteriors_;  // classes × samples; a class that was merged into another has 0
  Eigen::VectorXd weights_;     // in their sum
  Eigen::MatrixXd gains_;
  std::vector<int> class_of_;
  std::vector<int> classes_;  // that are left, ascending
  double entropy_ = 0;
};

// Numbers from 0 by the classes' means of the first feature, in place of their lowest places.
std::vector<int> Numbered(const std::vector<int>& class_of, const GaussianMixture& model) {
  const auto size = static_cast<Eigen::Index>(class_of.size());
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(size), shifts = weights;
  for (Eigen::Index k = 0; k < size; ++k) {
    weights[class_of[k]] += model.weights[k];
    shifts[class_of[k]] += model.weights[k] * (model.means(k, 0) - model.means(class_of[k], 0));
  }
  const auto mean = [&](int place) {  // of a component by itself, exactly
    return model.means(place, 0) + (weights[place] > 0 ? shifts[place] / weights[place] : 0);
  };
  std::vector<int> order = class_of;
  std::ranges::sort(order);
  order.erase(std::ranges::unique(order).begin(), order.end());
  std::ranges::stable_sort(order, {}, mean);
  std::vector<int> numbered;
  for (const int place : class_of)
    numbered.push_back(static_cast<int>(std::ranges::find(order, place) - order.begin()));
  return numbered;
}

}  // namespace

ComponentMerge MergeComponents(const Samples& samples, const GaussianMixture& model,
                               int num_classes) {
  if (num_classes < 1)
    throw ParameterError("number of classes = " + std::to_string(num_classes) + "; must be >= 1");
  if (model.num_components() > kMostMerged)
    throw ParameterError(std::to_string(model.num_components()) + " components; at most " +
                         std::to_string(kMostMerged) + " can be merged to classes");
  Merger merger(
      EvenlySpaced(samples, std::max<std::int64_t>(1, kMostPosteriors / model.num_components())),
      model);
  ComponentMerge merge{merger.class_of(), {{merger.num_classes(), {}, merger.entropy()}}};
  while (merger.num_classes() > 1) {
    const std::array<int, 2> merged = merger.MergeTwo();
    merge.levels.push_back({merger.num_classes(), merged, merger.entropy()});
    if (merger.num_classes() >= num_classes) merge.class_of = merger.class_of();
  }
  merge.class_of = Numbered(merge.class_of, model);
  return merge;
}

PosteriorVisitor OfClasses(const std::vector<int>& class_of, const PosteriorVisitor& visit) {
  if (class_of.empty()) return visit;
  const int num_classes = std::ranges::max(class_of) + 1;
  return [&class_of, num_classes, visit](const PosteriorTile& tile) {
    Eigen::MatrixXf of_classes = Eigen::MatrixXf::Zero(tile.count, num_classes);
    for (std::size_t k = 0; k < class_of.size(); ++k)
      of_classes.col(class_of[k]) += Eigen::Map<const Eigen::VectorXf>(
          tile.posteriors + static_cast<std::int64_t>(k) * tile.stride, tile.count);
    visit({tile.first, tile.count, of_classes.data(), tile.count, tile.log_densities});
  };
}

void VisitClassPosteriors(const Samples& samples, const GaussianMixture& model,
                          const std::vector<int>& class_of, const PosteriorVisitor& visit) {
  VisitPosteriors(samples, model, OfClasses(class_of, visit));
}

}  // namespace gmmseg
