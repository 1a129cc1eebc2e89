#include "batch/output_names.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <array>
#include <boost/filesystem/directory.hpp>
#include <cctype>

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

struct OutputWord {
  Output output;
  std::string_view word;
  std::string_view before, after;  // the file name is stem + before [+ class] + after
};

constexpr std::array kWords = {
    OutputWord{Output::kLabels, "labels", "_labels", ".png"},
    OutputWord{Output::kOverlay, "overlay", "_overlay", ".png"},
    OutputWord{Output::kHeatmaps, "heatmaps", "_heat_", ".png"},
    OutputWord{Output::kUncertainty, "uncertainty", "_uncertainty", ".png"},
    OutputWord{Output::kModel, "model", ".gmm", ".json"},
    OutputWord{Output::kProbabilities, "probabilities", "_probs", ".tif"},
    OutputWord{Output::kMasks, "masks", "_mask_", ".png"},
};

const OutputWord& WordOf(Output output) {
  return *std::find_if(kWords.begin(), kWords.end(),
                       [output](const OutputWord& word) { return word.output == output; });
}

bool IsPerClass(Output output) { return output == Output::kHeatmaps || output == Output::kMasks; }

// A class number as OutputName writes it: no sign, no leading zero.
bool IsClassNumber(std::string_view text) {
  return !text.empty() && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

bool IsNameOf(Output output, std::string_view stem, std::string_view name) {
  const OutputWord& word = WordOf(output);
  const std::string head = std::string(stem) + std::string(word.before);
  if (name.size() < head.size() + word.after.size() || !name.starts_with(head) ||
      !name.ends_with(word.after))
    return false;
  name.remove_prefix(head.size());
  name.remove_suffix(word.after.size());
  return IsPerClass(output) ? IsClassNumber(name) : name.empty();
}

}  // namespace

std::string_view ToString(Output output) { return WordOf(output).word; }

Output ParseOutput(std::string_view text) {
  std::string known;
  for (const OutputWord& word : kWords) {
    if (word.word == text) return word.output;
    known += (known.empty() ? "" : ", ") + std::string(word.word);
  }
  throw ParameterError("output \"" + std::string(text) + "\" is not known; must be one of " +
                       known);
}

OutputSet DefaultOutputs() {
  return {Output::kLabels, Output::kOverlay, Output::kHeatmaps, Output::kUncertainty,
          Output::kModel};
}

OutputSet AllOutputs() {
  OutputSet all;
  for (const OutputWord& word : kWords) all.insert(word.output);
  return all;
}

std::string StemOf(const std::string& input) {
  const std::string name = fs::path(input).filename().string();
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string OutputName(const std::string& stem, Output output, int k) {
  const OutputWord& word = WordOf(output);
  const std::string number = IsPerClass(output) ? std::to_string(k) : "";
  return stem + std::string(word.before) + number + std::string(word.after);
}

std::vector<std::string> OutputNames(const std::string& stem, const OutputSet& outputs,
                                     int num_components) {
  std::vector<std::string> names;
  for (const Output output : outputs) {
    const int count = IsPerClass(output) ? num_components : 1;
    for (int k = 1; k <= count; ++k) names.push_back(OutputName(stem, output, k));
  }
  return names;
}

std::vector<std::string> StaleNames(const fs::path& directory, const std::string& stem,
                                    const OutputSet& kinds,
                                    const std::vector<std::string>& written) {
  std::vector<std::string> stale;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (fs::is_directory(entry.symlink_status())) continue;
    const std::string name = entry.path().filename().string();
    const bool ours = std::any_of(kinds.begin(), kinds.end(),
                                  [&](Output output) { return IsNameOf(output, stem, name); });
    if (ours && std::find(written.begin(), written.end(), name) == written.end())
      stale.push_back(name);
  }
  std::sort(stale.begin(), stale.end());
  return stale;
}

}  // namespace gmmseg
