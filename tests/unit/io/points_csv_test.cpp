#include "io/points_csv.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

using namespace gmmseg;

namespace {

Model TwoClasses() {
  Model model;
  model.features.info = {{"L*", "lab", ""}, {"a, \"b\"", "raw", ""}};
  GaussianMixture& mixture = model.fit.model;
  mixture.blocks = {{0, 2, 1.0}};
  mixture.weights = Eigen::Vector2d(0.25, 0.75);
  mixture.means = (Eigen::MatrixXd(2, 2) << 0, 1e6, -5, 1e-3).finished();
  mixture.covariances = {Eigen::Matrix2d::Identity(), 1e-12 * Eigen::Matrix2d::Identity()};
  return model;
}

std::string Text(std::int64_t n, std::uint64_t seed) {
  std::string text;
  WritePointsCsv(TwoClasses(), n, seed, [&text](const std::string& piece) { text += piece; });
  return text;
}

}  // namespace

TEST_CASE("points: a header with quoted names, then a row each, class by class") {
  const std::string text = Text(8, 1);
  CHECK(text.starts_with("component,L*,\"a, \"\"b\"\"\"\n1,"));
  CHECK(text.find("\n2,-5.0000") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 9);
  CHECK(text.back() == '\n');
}

TEST_CASE(
    "points: the same seed gives the same text, in however many pieces; another seed another") {
  CHECK(Text(20000, 5) == Text(20000, 5));
  CHECK(Text(50, 5) != Text(50, 6));
  CHECK(Text(0, 5) == "component,L*,\"a, \"\"b\"\"\"\n");
}

TEST_CASE("points: a model that is refused writes nothing") {
  Model model = TwoClasses();
  model.fit.model.blocks = {{0, 1, 1.0}, {1, 1, 2.0}};
  CHECK_THROWS_AS(WritePointsCsv(model, 5, 1, [](const std::string&) { FAIL("written"); }),
                  ParameterError);
}
