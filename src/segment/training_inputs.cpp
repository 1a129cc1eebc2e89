#include "segment/training_inputs.h"

#include "base/text.h"

namespace gmmseg {

std::string TrainingInputsText(const Model& model) {
  if (model.inputs.empty()) return "";
  const std::string first = model.inputs.front().name;
  const auto others = std::ssize(model.inputs) - 1;
  return others == 0 ? first : first + " and " + Count(others, "other", "others");
}

}  // namespace gmmseg
