// What a model was fitted to, in words.
#pragma once

#include <gmmseg/model.h>

#include <string>

namespace gmmseg {

// "a.png", "a.png and 3 others"; empty where nothing is known of it.
std::string TrainingInputsText(const Model& model);

}  // namespace gmmseg
