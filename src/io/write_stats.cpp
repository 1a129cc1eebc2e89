#include <gmmseg/errors.h>
#include <gmmseg/image_stats_io.h>

#include "base/hash.h"
#include "base/text.h"
#include "io/json_lists.h"
#include "io/json_text.h"
#include "io/staged_file.h"
#include "io/stats_format.h"

namespace gmmseg {
namespace {

using Json = nlohmann::ordered_json;

Json Sums(const std::vector<ExactSum>& sums) {
  return JsonList(sums, [](const ExactSum& sum) {
    if (sum.overflowed())
      throw InternalError("a sum that has overflowed cannot be written; please report this");
    return Format("%016llx%016llx", static_cast<unsigned long long>(sum.high()),
                  static_cast<unsigned long long>(sum.low()));
  });
}

}  // namespace

std::string StatsText(const ImageStats& stats) {
  Json json = {{"format", kStatsFormat},
               {"version", kStatsVersion},
               {"program", {{"name", "gmmseg"}, {"version", stats.program}}},
               {"model", stats.model}};
  json["inputs"] = JsonList(stats.inputs, [](const auto& input) {
    return Json{{"name", input.second}, {"hash", input.first}};
  });
  json["centers"] = JsonRows(stats.sums.centers());
  json["blocks"] = JsonBlocks(stats.sums.packed_blocks());
  json["sums"] = Sums(stats.sums.Sums());
  json["floor"] = Sums(stats.floor);
  json["checksum"] = ChecksumOf(nlohmann::json::parse(ToText(json)));
  return ToText(json);
}

std::string ChecksumOf(nlohmann::json stats) {
  stats.erase("checksum");
  return ContentHash(stats.dump());
}

void WriteStats(const std::string& path, const ImageStats& stats) {
  StagedFile file(path);
  file.Write(StatsText(stats));
  file.Commit();
}

}  // namespace gmmseg
