#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/model_selection.h>

#include <cmath>

#include "generated.h"

namespace {

using namespace gmmseg;

Candidate WithBic(double bic_effective) {
  Candidate candidate;
  candidate.bic_effective = bic_effective;
  return candidate;
}

}  // namespace

TEST_CASE("criteria are those of their formulas") {
  const GaussianMixture model = RandomMixture(3, 2);  // 2 weights, 3·2 means, 3·3 covariances
  const Criteria criteria = CriteriaOf(model, -1.5, 0.25, 1000);
  CHECK(criteria.bic == doctest::Approx(3000 + 17 * std::log(1000.0)));
  CHECK(criteria.aic == doctest::Approx(3000 + 34));
  CHECK(criteria.icl == doctest::Approx(criteria.bic + 500));
}

TEST_CASE("a candidate has the criteria of all samples and of the effective ones") {
  const GaussianMixture model = RandomMixture(3, 2);
  const Candidate candidate = AssessCandidate(model, 4, -1.5, 0.25, 1000, 50);
  CHECK(candidate.requested_components == 4);
  CHECK(candidate.num_components == 3);
  CHECK(candidate.num_parameters == 17);
  CHECK(candidate.plain == CriteriaOf(model, -1.5, 0.25, 1000));
  CHECK(candidate.bic_effective == doctest::Approx(150 + 17 * std::log(50.0)));
  CHECK(candidate.icl_effective == doctest::Approx(candidate.bic_effective + 25));
}

TEST_CASE("the best candidate has the lowest effective BIC, and is the first of equals") {
  const Candidate candidates[] = {WithBic(5), WithBic(3), WithBic(4), WithBic(3)};
  CHECK(BestCandidate(candidates) == 1);
  CHECK(BestCandidate({candidates, 1}) == 0);
}

TEST_CASE("a range of components is refused where it is empty, below 1 or above 65535") {
  Validate(ComponentRange{1, 1});
  Validate(ComponentRange{2, 65535});
  for (const ComponentRange& range : {ComponentRange{0, 2}, ComponentRange{3, 2},
                                      ComponentRange{-2, -1}, ComponentRange{1, 65536}})
    CHECK_THROWS_WITH_AS(Validate(range), doctest::Contains("1 <= A <= B <= 65535"),
                         ParameterError);
}
