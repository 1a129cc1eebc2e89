// How components make classes, as the model file and --json have it.
#pragma once

#include <gmmseg/component_merge.h>

#include <nlohmann/json.hpp>

namespace gmmseg {

// Adds "class_of" and "class_levels", components and classes by their index from 1; nothing where
// each component is a class.
void AddMergeJson(const ComponentMerge& merge, nlohmann::ordered_json& json);

}  // namespace gmmseg
