#include "batch/density_outputs.h"

#include <gmmseg/errors.h>

#include <string>

#include "base/text.h"
#include "batch/write_outputs.h"
#include "features/tempered_position.h"

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
  if (!words.empty() && IsTempered(features))
    throw ParameterError(words +
                         Format(": with position weight %g the model is no density; use "
                                "position weight 0 or 1, or do not ask for ",
                                features.position_weight) +
                         words);
  CheckAnomalyRate(output.anomaly_rate);
}

void CheckDensityOutputs(const OutputOptions& output, const Model& model) {
  CheckDensityOutputs(output, model.features.spec);
  if (NeedsAnomalies(output.outputs)) CheckAnomalies(model, output.anomaly_rate);
}

}  // namespace gmmseg
