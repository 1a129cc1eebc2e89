#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/sample_job.h>

#include "scratch_folder.h"

using namespace gmmseg;

namespace {

Model OneClass(double temper = 1) {
  Model model;
  model.features.info = {{"x", "raw", ""}};
  GaussianMixture& mixture = model.fit.model;
  mixture.blocks = {{0, 1, temper}};
  mixture.weights = Eigen::VectorXd::Ones(1);
  mixture.means = Eigen::MatrixXd::Zero(1, 1);
  mixture.covariances = {Eigen::MatrixXd::Identity(1, 1)};
  return model;
}

}  // namespace

TEST_CASE(
    "a sample job writes its file and nothing else; an existing one is replaced when told to") {
  const ScratchFolder folder;
  const std::string path = (folder.path() / "points.csv").string();
  RunSampleJob(OneClass(), 3, 1, path);
  CHECK(folder.Names() == std::set<std::string>{"points.csv"});
  const std::string first = folder.Read("points.csv");
  CHECK(first.starts_with("component,x\n1,"));
  CHECK_THROWS_WITH_AS(RunSampleJob(OneClass(), 3, 2, path), doctest::Contains("--overwrite"),
                       ParameterError);
  CHECK(folder.Read("points.csv") == first);
  RunSampleJob(OneClass(), 3, 2, path, ExistingOutputs::kReplace);
  CHECK(folder.Read("points.csv") != first);
}

TEST_CASE("a sample job that cannot be leaves no trace") {
  const ScratchFolder folder;
  CHECK_THROWS_AS(RunSampleJob(OneClass(2), 3, 1, (folder.path() / "new/points.csv").string()),
                  ParameterError);
  CHECK_THROWS_AS(RunSampleJob(OneClass(), 3, 1, (folder.path() / "a/b/points.csv").string()),
                  ParameterError);
  CHECK_THROWS_AS(RunSampleJob(OneClass(), 3, 1, folder.path().string() + "/"), ParameterError);
  CHECK(folder.Names().empty());
}
