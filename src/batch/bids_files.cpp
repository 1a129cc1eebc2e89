#include "batch/bids_files.h"

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <nlohmann/json.hpp>

#include "base/control_characters.h"
#include "batch/bids_names.h"
#include "batch/output_names.h"
#include "io/json_text.h"
#include "io/staged_file.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

using Json = nlohmann::ordered_json;

Json FactsJson(const std::vector<std::string>& sources, const Model& model) {
  return {{"Description", "Made by gmmseg: classes of a Gaussian mixture"},
          {"Sources", sources},
          {"Manual", false},
          {"GmmsegVersion", GMMSEG_VERSION},
          {"GmmsegModelHash", HashOfMixture(model)},
          {"GmmsegSeed", model.seed}};
}

// A tab or the end of a line would be the table's.
std::string OneField(std::string text) {
  std::ranges::replace_if(
      text,
      [](char c) {
        return ControlBytes({&c, 1}, 0) > 0;
      },
      ' ');
  return text.empty() ? "n/a" : text;
}

std::string TableText(const ClassTable& classes) {
  std::string text =
      "index\tname\tabbreviation\tcolor\tmapping\n"
      "0\tBackground\tBG\t#000000\t0\n";
  const std::vector<std::string> labels = BidsLabels(classes);
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const int number = BidsNumberOf(labels[k]);
    text += std::to_string(classes[k].index) + "\t" + OneField(classes[k].name) + "\t" + labels[k] +
            "\t" + ToHex(classes[k].color) + "\t" + (number > 0 ? std::to_string(number) : "n/a") +
            "\n";
  }
  return text;
}

}  // namespace

void WriteBidsFiles(const fs::path& folder, const std::string& stem,
                    const std::vector<std::string>& sources, const Segmentation& segmentation,
                    const OutputSet& outputs) {
  const std::string facts = ToText(FactsJson(sources, segmentation.model));
  for (const Output output : {Output::kLabels, Output::kMasks, Output::kProbabilities})
    if (outputs.contains(output) && (output == Output::kLabels || !segmentation.classes.empty()))
      WriteStagedFile((folder / BidsFactsName(stem, output)).string(), facts);
  if (outputs.contains(Output::kLabels))
    WriteStagedFile((folder / BidsTableName(stem)).string(), TableText(segmentation.classes));
}

bool WriteDatasetDescription(const fs::path& folder) {
  const fs::path path = folder / kDatasetName;
  boost::system::error_code missing;
  if (fs::exists(fs::symlink_status(path, missing))) return false;
  const Json generator = {{"Name", "gmmseg"}, {"Version", GMMSEG_VERSION}};
  WriteStagedFile(path.string(), ToText({{"Name", "Segmentations by gmmseg"},
                                         {"BIDSVersion", "1.9.0"},
                                         {"DatasetType", "derivative"},
                                         {"GeneratedBy", Json::array({generator})}}));
  return true;
}

}  // namespace gmmseg
