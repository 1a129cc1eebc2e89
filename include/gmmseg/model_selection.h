// Choosing the number of components: what the information criteria say of each. Lower is better.
#pragma once

#include <gmmseg/gaussian_mixture.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace gmmseg {

// With L the total log-likelihood of n independent samples, p the free parameters and E the total
// entropy of the posteriors (natural logarithms).
struct Criteria {
  double bic = 0;  // -2·L + p·ln n (Schwarz 1978)
  double aic = 0;  // -2·L + 2·p (Akaike 1974)
  double icl = 0;  // BIC + 2·E (Biernacki, Celeux, Govaert 2000): charges for classes that overlap

  bool operator==(const Criteria&) const = default;
};

// Means per sample; their totals are those of `num_samples`. The model must be a density.
Criteria CriteriaOf(const GaussianMixture& model, double log_likelihood, double entropy,
                    double num_samples);

// K = least, …, most.
struct ComponentRange {
  int least = 1, most = 8;

  bool operator==(const ComponentRange&) const = default;
};
// Throws ParameterError unless 1 <= least <= most <= 65535.
void Validate(const ComponentRange& range);

// One number of components that was tried.
struct Candidate {
  int requested_components = 0;  // K
  int num_components = 0;        // that came back
  std::int64_t num_parameters = 0;
  double log_likelihood = 0;  // per sample, natural logarithm, in the user's units
  double entropy = 0;         // of the posteriors, per sample
  Criteria plain;             // of n samples, as if they were independent
  // As if there were but n_eff samples, independent ones: in likelihood, entropy and penalty alike.
  double num_effective = 0;
  double bic_effective = 0;  // chooses
  double icl_effective = 0;

  bool operator==(const Candidate&) const = default;
};

Candidate AssessCandidate(const GaussianMixture& model, int requested_components,
                          double log_likelihood, double entropy, double num_samples,
                          double num_effective);

// The place of the lowest bic_effective, the first of equals. There must be one candidate at least.
std::size_t BestCandidate(std::span<const Candidate> candidates);

}  // namespace gmmseg
