#include "batch/fit_outputs.h"

#include <gmmseg/errors.h>
#include <gmmseg/instability.h>

#include <string>

namespace gmmseg {

OutputSet ImpossibleOutputs(ModelSource source, const SegmentOptions& options) {
  if (source == ModelSource::kGiven) return FitOutputs();
  if (FitsEachImage(source) && CanMeasureInstability(options.fit)) return {};
  return {Output::kInstability};
}

void CheckFitOutputs(const OutputSet& outputs, ModelSource source, const SegmentOptions& options) {
  for (const Output output : ImpossibleOutputs(source, options)) {
    if (!outputs.contains(output)) continue;
    const std::string word(ToString(output));
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
