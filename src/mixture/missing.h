// Samples that lack values. Reference: Ghahramani and Jordan (1994), "Supervised learning from
// incomplete data via an EM approach": a sample counts by the marginal density of the values that
// it has, and its missing values by their conditional mean and covariance given these. Both are the
// same for all samples that lack the same values, and linear in the sums over these samples, so
// that the passes over them are those of a smaller mixture.
#pragma once

#include <gmmseg/fit.h>
#include <gmmseg/mixture_stats.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <memory>
#include <vector>

#include "mixture/accumulate.h"

namespace gmmseg {

// These features of the samples at these places, as they stand in the planes, none taken as
// missing.
Samples TakeFeatures(const Samples& samples, const std::vector<std::int64_t>& places,
                     const std::vector<int>& features);

// The mixture of these features alone: ascending, at least one. Blocks without any are gone.
GaussianMixture Marginal(const GaussianMixture& model, const std::vector<int>& features);

// Each component's distribution of all features given some of them: their mean is a linear function
// of those, and their covariance is the same whatever those are.
class Completion {
 public:
  Completion(const GaussianMixture& model, const std::vector<int>& known);

  // All features' mean under component k, at these values of the known ones.
  Eigen::VectorXd Mean(int k, const Eigen::VectorXd& known_values) const;

  // Adds to `all` what samples of which the known features have these sums are expected to add.
  void AddExpected(const MixtureStats& of_known, MixtureStats& all) const;

 private:
  struct Component {
    Eigen::VectorXd mean, known_mean;
    Eigen::MatrixXd slope;     // D × known: 1 from a known feature to itself
    Eigen::MatrixXd residual;  // D × D: what is left of the covariance; 0 for known features
  };
  std::vector<Component> components_;
};

// Samples pattern by pattern. The log-likelihood of a sample that lacks features is taken to the
// standardisation of all of them, so that LogScale holds for each. Keeps a reference to the
// samples.
class IncompleteSource : public StatsSource {
 public:
  explicit IncompleteSource(const Samples& samples);

  MixtureStats Accumulate(const GaussianMixture& model) override;
  WorstSample FindWorst(const GaussianMixture& model) override;

 private:
  struct Group {
    std::vector<int> features;  // that the samples have
    Samples samples;            // these features alone
    SampleSource source{samples};

    Group(const Samples& all, const std::vector<std::int64_t>& places,
          const std::vector<int>& known)
        : features(known), samples(TakeFeatures(all, places, known)) {}
  };

  MixtureStats StatsOf(Group& group, const GaussianMixture& model) const;

  const Samples& samples_;
  std::vector<std::unique_ptr<Group>> groups_;
};

// The source for a fit of these samples, whether they lack values or not; for k-means they lack
// none. Ranks that hold the same samples share the passes, but where values are missing.
std::unique_ptr<StatsSource> MakeSource(const Samples& samples, FitMethod method,
                                        Ranks* ranks = nullptr);

// Σ W_b ln scale_d over the features d that are none of `features`: what the log-density of a
// sample that has those alone gets in plane units, so that LogScale of all features leads to the
// user's.
double LogScaleOfMissing(const GaussianMixture& model, const std::vector<int>& features,
                         const Standardization& standardization);

}  // namespace gmmseg
