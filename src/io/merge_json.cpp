#include "io/merge_json.h"

namespace gmmseg {

void AddMergeJson(const ComponentMerge& merge, nlohmann::ordered_json& json) {
  using Json = nlohmann::ordered_json;
  if (merge.class_of.empty()) return;
  Json& class_of = json["class_of"] = Json::array();
  for (const int place : merge.class_of) class_of.push_back(place + 1);
  Json& levels = json["class_levels"] = Json::array();
  for (const ClassLevel& level : merge.levels) {
    Json entry = {{"classes", level.num_classes}};
    if (level.merged) entry["merged"] = {(*level.merged)[0] + 1, (*level.merged)[1] + 1};
    entry["entropy_per_sample"] = level.entropy;
    levels.push_back(entry);
  }
}

}  // namespace gmmseg
