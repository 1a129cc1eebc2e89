#include "batch/density_outputs.h"

#include <gmmseg/errors.h>

#include <string>

#include "base/text.h"
#include "batch/write_outputs.h"

namespace gmmseg {
namespace {

// "density, anomalies"; empty where none is asked for.
std::string Asked(const OutputSet& outputs) {
  std::string words;
  for (const Output output : DensityOutputs())
    if (outputs.contains(output))
      words += (words.empty() ? "" : ", ") + std::string(ToString(output));
  return words;
}

}  // namespace

void CheckDensityOutputs(const OutputOptions& output, const FeatureSpec& features) {
  const std::string words = Asked(output.outputs);
  const double weight = features.position_weight;
  if (!words.empty() && weight != 0 && weight != 1)
    throw ParameterError(words +
                         Format(": with position weight %g the model is no density; use "
                                "position weight 0 or 1, or do not ask for ",
                                weight) +
                         words);
  if (!(output.anomaly_rate > 0 && output.anomaly_rate < 1))
    throw ParameterError("anomaly_rate = " + std::to_string(output.anomaly_rate) +
                         "; must be greater than 0 and less than 1");
}

void CheckDensityOutputs(const OutputOptions& output, const Model& model) {
  CheckDensityOutputs(output, model.features.spec);
  if (NeedsAnomalies(output.outputs)) CheckAnomalies(model, output.anomaly_rate);
}

}  // namespace gmmseg
