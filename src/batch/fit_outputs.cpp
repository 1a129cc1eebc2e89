#include "batch/fit_outputs.h"

#include <gmmseg/errors.h>

#include <string>

namespace gmmseg {

void CheckAppliedOutputs(const OutputSet& outputs) {
  for (const Output output : FitOutputs())
    if (outputs.contains(output))
      throw ParameterError(std::string(ToString(output)) +
                           " tells of a fit, and a model that is applied is not fitted here; fit "
                           "one, or do not ask for " +
                           std::string(ToString(output)));
}

}  // namespace gmmseg
