#include "batch/model_outputs.h"

#include <gmmseg/errors.h>

#include <string>

#include "base/text.h"
#include "batch/region_job.h"
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

void CheckModelOutputs(const OutputOptions& output, const FeatureSpec& features) {
  CheckNoRegionOutputs(output.outputs);
  const std::string words = Asked(output.outputs);
  if (!words.empty() && IsTempered(features))
    throw ParameterError(words +
                         Format(": with position weight %g the model is no density; use "
                                "position weight 0 or 1, or do not ask for ",
                                features.position_weight) +
                         words);
  if (output.outputs.contains(Output::kImputed) && features.missing == MissingValues::kSkip)
    throw ParameterError(
        "imputed: pixels that lack bands are skipped, and have no class to fill them in from; fit "
        "with missing values marginal, or do not ask for imputed");
  CheckAnomalyRate(output.anomaly_rate);
}

void CheckPictureOptions(const OutputOptions& output) {
  if (output.display_window) CheckDisplayWindow(*output.display_window);
  for (const std::int64_t slice : output.slices)
    if (slice < 1)
      throw ParameterError("slice " + std::to_string(slice) + "; slices are numbered from 1");
}

OutputSet ImpossibleOutputs(const Model& applied, double anomaly_rate) {
  OutputSet impossible = FitOutputs();
  impossible.merge(TissueOutputs());
  if (!TrainingQuantile(applied, anomaly_rate)) impossible.insert(Output::kAnomalies);
  return impossible;
}

void CheckModelOutputs(const OutputOptions& output, const Model& model) {
  CheckModelOutputs(output, model.features.spec);
  if (output.outputs.contains(Output::kAnomalies)) CheckAnomalies(model, output.anomaly_rate);
}

}  // namespace gmmseg
