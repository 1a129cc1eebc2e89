#include <gmmseg/errors.h>
#include <gmmseg/model_selection.h>

#include <algorithm>
#include <string>

namespace gmmseg {

Criteria CriteriaOf(const GaussianMixture& model, double log_likelihood, double entropy,
                    double num_samples) {
  const double total = log_likelihood * num_samples;
  const double bic = Bic(model, total, num_samples);
  return {bic, Aic(model, total), bic + 2 * entropy * num_samples};
}

void Validate(const ComponentRange& range) {
  constexpr int kMost = 65535;  // labels are 16 bits
  if (range.least < 1 || range.most > kMost || range.least > range.most)
    throw ParameterError("range of components = " + std::to_string(range.least) + ":" +
                         std::to_string(range.most) +
                         "; must be A:B with 1 <= A <= B <= " + std::to_string(kMost));
}

Candidate AssessCandidate(const GaussianMixture& model, int requested_components,
                          double log_likelihood, double entropy, double num_samples,
                          double num_effective) {
  const Criteria effective = CriteriaOf(model, log_likelihood, entropy, num_effective);
  return {requested_components,
          model.num_components(),
          NumFreeParameters(model),
          log_likelihood,
          entropy,
          CriteriaOf(model, log_likelihood, entropy, num_samples),
          num_effective,
          effective.bic,
          effective.icl};
}

std::size_t BestCandidate(std::span<const Candidate> candidates) {
  return static_cast<std::size_t>(
      std::ranges::min_element(candidates, {}, &Candidate::bic_effective) - candidates.begin());
}

}  // namespace gmmseg
