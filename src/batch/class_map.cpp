#include "batch/class_map.h"

#include <utility>

#include "batch/output_names.h"
#include "io/staged_file.h"

namespace gmmseg {
namespace {

bool IsSmall(const ClassTable& classes) { return classes.size() <= 255; }

}  // namespace

ClassMap::ClassMap(const boost::filesystem::path& folder, const std::string& stem, Output kind,
                   MapFormat common, ClassTable classes, std::vector<std::string> mean_names)
    : style_(folder / StyleName(stem, kind)),
      classes_(std::move(classes)),
      counts_(classes_.size()),
      map_((folder / OutputName(stem, kind, OutputKind::kMap)).string(),
           FormatOf(std::move(common), classes_, std::move(mean_names))) {}

MapFormat ClassMap::FormatOf(MapFormat common, ClassTable classes,
                             std::vector<std::string> mean_names) {
  common.type = IsSmall(classes) ? SampleType::kUint8 : SampleType::kUint16;
  common.bands = {{.name = "class"}};
  common.no_data = 0;
  common.overviews = Overviews::kNearest;
  common.classes = std::move(classes);
  common.mean_names = std::move(mean_names);
  return common;
}

void ClassMap::Write(const Window& window, std::span<const std::uint16_t> labels) {
  for (const std::uint16_t label : labels)
    if (label > 0) ++counts_[label - 1];
  if (IsSmall(classes_))
    map_.Write(window, 0, std::vector<std::uint8_t>(labels.begin(), labels.end()).data());
  else
    map_.Write(window, 0, labels.data());
}

void ClassMap::Close() {
  map_.Close(counts_);
  WriteStagedFile(style_.string(), QgisStyle(classes_));
}

}  // namespace gmmseg
