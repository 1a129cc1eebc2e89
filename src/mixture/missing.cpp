#include "mixture/missing.h"

#include <gmmseg/posterior.h>
#include <oneapi/tbb/parallel_for.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <utility>

namespace gmmseg {
namespace {

std::vector<int> MissingOf(const std::vector<int>& known, int num_features) {
  std::vector<int> all(num_features), missing;
  std::iota(all.begin(), all.end(), 0);
  std::ranges::set_difference(all, known, std::back_inserter(missing));
  return missing;
}

Eigen::VectorXd KnownValues(const Samples& samples, std::int64_t i) {
  const std::vector<int>& features = samples.missing_patterns()[samples.MissingPattern(i)];
  Eigen::VectorXd values(std::ssize(features));
  for (std::size_t d = 0; d < features.size(); ++d) values[d] = samples.Plane(features[d])[i];
  return values;
}

}  // namespace

Samples TakeFeatures(const Samples& samples, const std::vector<std::int64_t>& places,
                     const std::vector<int>& features) {
  Samples taken(std::ssize(places), static_cast<int>(features.size()));
  for (std::size_t j = 0; j < places.size(); ++j) taken.weights()[j] = samples.weights()[places[j]];
  for (std::size_t d = 0; d < features.size(); ++d)
    for (std::size_t j = 0; j < places.size(); ++j)
      taken.Plane(static_cast<int>(d))[j] = samples.Plane(features[d])[places[j]];
  return taken;
}

GaussianMixture Marginal(const GaussianMixture& model, const std::vector<int>& features) {
  GaussianMixture marginal;
  marginal.covariance_type = model.covariance_type;
  int first = 0;
  for (const FeatureBlock& block : model.blocks) {
    const auto size = static_cast<int>(std::ranges::count_if(
        features, [&](int d) { return d >= block.first && d < block.first + block.size; }));
    if (size > 0) marginal.blocks.push_back({first, size, block.temper});
    first += size;
  }
  marginal.weights = model.weights;
  marginal.means = model.means(Eigen::all, features);
  for (const Eigen::MatrixXd& covariance : model.covariances)
    marginal.covariances.push_back(covariance(features, features));
  return marginal;
}

Completion::Completion(const GaussianMixture& model, const std::vector<int>& known) {
  const int num_features = model.num_features();
  const std::vector<int> missing = MissingOf(known, num_features);
  for (int k = 0; k < model.num_components(); ++k) {
    const Eigen::MatrixXd& covariance = model.covariances[k];
    Component component{model.means.row(k), model.means.row(k)(known),
                        Eigen::MatrixXd::Zero(num_features, std::ssize(known)),
                        Eigen::MatrixXd::Zero(num_features, num_features)};
    component.slope(known, Eigen::all).setIdentity();
    if (!missing.empty()) {
      const Eigen::MatrixXd across = covariance(known, missing);
      const Eigen::MatrixXd slope =
          covariance(known, known).eval().llt().solve(across).transpose();  // missing × known
      component.slope(missing, Eigen::all) = slope;
      component.residual(missing, missing) = covariance(missing, missing) - slope * across;
    }
    components_.push_back(std::move(component));
  }
}

Eigen::VectorXd Completion::Mean(int k, const Eigen::VectorXd& known_values) const {
  const Component& component = components_[k];
  return component.mean + component.slope * (known_values - component.known_mean);
}

void Completion::AddExpected(const MixtureStats& of_known, MixtureStats& all) const {
  all.AddTotals(of_known.num_samples(), of_known.log_likelihood());
  for (std::size_t i = 0; i < components_.size(); ++i) {
    const auto k = static_cast<int>(i);
    const double weight = of_known.Weight(k);
    const Eigen::MatrixXd& slope = components_[i].slope;
    const Eigen::VectorXd shift = Mean(k, of_known.Mean(k)) - all.Center(k);
    const Eigen::MatrixXd moments = slope * of_known.Covariance(k) * slope.transpose() +
                                    components_[i].residual + shift * shift.transpose();
    all.AddComponent(k, weight, weight * shift, weight * moments);
  }
}

double LogScaleOfMissing(const GaussianMixture& model, const std::vector<int>& features,
                         const Standardization& standardization) {
  const Standardization of_known{standardization.offset(features), standardization.scale(features)};
  return LogScale(model, standardization) - LogScale(Marginal(model, features), of_known);
}

IncompleteSource::IncompleteSource(const Samples& samples) : samples_(samples) {
  std::vector<std::vector<std::int64_t>> places(samples.missing_patterns().size());
  for (std::int64_t i = 0; i < samples.size(); ++i)
    if (samples.weights()[i] > 0) places[samples.MissingPattern(i)].push_back(i);
  for (std::size_t p = 0; p < places.size(); ++p) {
    if (places[p].empty()) continue;
    groups_.push_back(std::make_unique<Group>(samples, places[p], samples.missing_patterns()[p]));
  }
}

MixtureStats IncompleteSource::StatsOf(Group& group, const GaussianMixture& model) const {
  MixtureStats of_known = group.source.Accumulate(Marginal(model, group.features));
  of_known.AddTotals(0, of_known.num_samples() *
                            LogScaleOfMissing(model, group.features, samples_.standardization()));
  if (std::ssize(group.features) == model.num_features()) return of_known;
  MixtureStats all(model);
  if (of_known.overflowed())
    all.AddTotals(INFINITY, INFINITY);
  else
    Completion(model, group.features).AddExpected(of_known, all);
  return all;
}

MixtureStats IncompleteSource::Accumulate(const GaussianMixture& model) {
  MixtureStats total(model);
  std::mutex mutex;
  tbb::parallel_for(std::size_t{0}, groups_.size(), [&](std::size_t g) {
    const MixtureStats stats = StatsOf(*groups_[g], model);
    const std::lock_guard lock(mutex);
    total += stats;
  });
  return total;
}

WorstSample IncompleteSource::FindWorst(const GaussianMixture& model) {
  return FindWorstSample(samples_, model);
}

std::vector<float> ImputedFeature(const Samples& samples, const GaussianMixture& model, int d) {
  const Standardization& units = samples.standardization();
  std::vector<float> values(samples.size());
  for (std::int64_t i = 0; i < samples.size(); ++i)
    values[i] = static_cast<float>(samples.Plane(d)[i] * units.scale[d] + units.offset[d]);
  if (!samples.has_missing()) return values;
  const GaussianMixture plane_model = ToPlaneUnits(model, samples);
  std::vector<Completion> completions;
  for (const std::vector<int>& known : samples.missing_patterns())
    completions.emplace_back(plane_model, known);
  VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      const std::int64_t sample = tile.first + i;
      if (!(samples.weights()[sample] > 0) || !samples.IsMissing(sample, d)) continue;
      const std::size_t pattern = samples.MissingPattern(sample);
      const Eigen::VectorXd known = KnownValues(samples, sample);
      double expected = 0;
      for (const int k : plane_model.PresentComponents())
        expected += tile.Posterior(k, i) * completions[pattern].Mean(k, known)[d];
      values[sample] = static_cast<float>(expected * units.scale[d] + units.offset[d]);
    }
  });
  return values;
}

std::unique_ptr<StatsSource> MakeSource(const Samples& samples, FitMethod method, Ranks* ranks) {
  if (samples.has_missing()) return std::make_unique<IncompleteSource>(samples);
  const bool hard = method == FitMethod::kKMeans;
  return std::make_unique<SampleSource>(samples, hard ? Membership::kHard : Membership::kSoft,
                                        ranks);
}

}  // namespace gmmseg
