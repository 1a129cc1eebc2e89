#include "batch/model_outputs.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "scratch_folder.h"

using namespace gmmseg;

namespace {

SegmentOptions WithPosition(double weight) {
  SegmentOptions options;
  options.fit.num_components = 1;
  options.features.position_weight = weight;
  return options;
}

OutputOptions Asking(const ScratchFolder& folder, OutputSet outputs) {
  OutputOptions output;
  output.directory = (folder.path() / "out").string();
  output.outputs = std::move(outputs);
  return output;
}

const std::string kInput = "null:40x30x3:u8";

}  // namespace

TEST_CASE("density outputs of a tempered model are refused before any work, by their words") {
  const ScratchFolder folder;
  int calls = 0;
  const JobObserver count = [&](const JobProgress&) { ++calls; };
  for (const Output output : DensityOutputs())
    CHECK_THROWS_WITH_AS(
        RunSegmentJob(kInput, WithPosition(2.5), Asking(folder, {Output::kLabels, output}), count),
        doctest::Contains((std::string(ToString(output)) + ": with position weight 2.5").c_str()),
        ParameterError);
  CHECK(calls == 0);
  CHECK(folder.Names().empty());
}

TEST_CASE("density outputs are written where position has weight 1, and counts are told") {
  const ScratchFolder folder;
  const JobResult result = RunSegmentJob(kInput, WithPosition(1), Asking(folder, DensityOutputs()));
  CHECK(result.files == std::vector<std::string>{kInput + "_anomalies.png", kInput + "_density.tif",
                                                 kInput + "_outliers.tif"});
  REQUIRE(result.anomalies);
  CHECK(result.anomalies->rate == 0.01);
  const double share = static_cast<double>(result.anomalies->num_unlikely) / (40 * 30);
  CHECK(share == doctest::Approx(0.01).epsilon(0.1));
}

TEST_CASE("an anomaly rate out of range, and a model that knows no training, are refused at once") {
  const ScratchFolder folder;
  OutputOptions output = Asking(folder, {Output::kAnomalies});
  output.anomaly_rate = 1;
  CHECK_THROWS_AS(RunSegmentJob(kInput, WithPosition(0), output), ParameterError);
  output.anomaly_rate = 0.01;
  Model model = RunSegmentJob(kInput, WithPosition(0), Asking(folder, {Output::kModel})).model;
  CHECK_NOTHROW(CheckModelOutputs(output, model));
  model.log_density_quantiles.clear();
  CHECK_THROWS_AS(CheckModelOutputs(output, model), ParameterError);
  output.outputs = {Output::kDensity};
  CHECK_NOTHROW(CheckModelOutputs(output, model));
}
