// The candidates of a chosen number of components, as the model file and --json have them.
#pragma once

#include <gmmseg/model_selection.h>

#include <nlohmann/json.hpp>
#include <span>

namespace gmmseg {

nlohmann::ordered_json CandidatesJson(std::span<const Candidate> candidates);

}  // namespace gmmseg
