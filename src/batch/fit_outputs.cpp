#include "batch/fit_outputs.h"

#include <gmmseg/errors.h>
#include <gmmseg/instability.h>

#include <string>

namespace gmmseg {

namespace {

bool HasField(ModelSource source, const SegmentOptions& options) {
  return source != ModelSource::kGiven && options.tissues && options.tissues->HasField();
}

}  // namespace

OutputSet ImpossibleOutputs(ModelSource source, const SegmentOptions& options) {
  OutputSet impossible;
  if (source == ModelSource::kGiven) impossible = FitOutputs();
  if (!HasField(source, options)) impossible.merge(TissueOutputs());
  if (options.tissues) impossible.merge(FitOutputs());
  if (!FitsEachImage(source) || !CanMeasureInstability(options.fit))
    impossible.insert(Output::kInstability);
  return impossible;
}

void CheckFitOutputs(const OutputSet& outputs, ModelSource source, const SegmentOptions& options) {
  for (const Output output : ImpossibleOutputs(source, options)) {
    if (!outputs.contains(output)) continue;
    const std::string word(ToString(output));
    if (TissueOutputs().contains(output))
      throw ParameterError(word +
                           " is of a field that is estimated beside tissues (--preset, without "
                           "--bias off); ask for these, or do not ask for " +
                           word);
    if (options.tissues)
      throw ParameterError(
          word + " tells of a free mixture, and tissues are none; do not ask for " + word);
    if (source == ModelSource::kGiven)
      throw ParameterError(word +
                           " tells of a fit, and a model that is applied is not fitted here; fit "
                           "one, or do not ask for " +
                           word);
    if (source == ModelSource::kShared)
      throw ParameterError(word +
                           " is of an image's own fit, and the images share a model; fit each by "
                           "itself (--separate-models, --match), or do not ask for " +
                           word);
    CheckInstability(options.fit);
  }
}

}  // namespace gmmseg
