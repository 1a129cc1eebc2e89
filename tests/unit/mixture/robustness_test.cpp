// What nasty inputs have taught: each case once made a fit fail, lie or refuse.

#include <doctest/doctest.h>
#include <gmmseg/fit.h>
#include <gmmseg/posterior.h>

#include <cmath>

#include "generated.h"

namespace gmmseg {

TEST_CASE("robust: differences too small to be squared count as none") {
  for (const double scale : {1e-130, 1e-200, 1e-310, 5e-324}) {
    CAPTURE(scale);
    const FitResult result = FitMixture(
        Samples::FromRows(scale * Sample(RandomMixture(3, 2), 50, 5).points), FitOptions{});
    Validate(result.model);
    CHECK(result.num_distinct == 1);
    CHECK(result.model.num_components() == 1);
    CHECK(std::isfinite(result.log_likelihood));
  }
}

}  // namespace gmmseg
