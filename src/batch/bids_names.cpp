#include "batch/bids_names.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/split.hpp>
#include <cctype>
#include <set>

namespace gmmseg {
namespace {

struct Tissue {
  int number;
  std::string_view label, name;
};

constexpr Tissue kTissues[] = {
    {1, "GM", "gray matter"},
    {1, "GM", "grey matter"},
    {2, "WM", "white matter"},
    {3, "CSF", "cerebrospinal fluid"},
    {4, "B", "bone"},
    {5, "ST", "soft tissue"},
    {6, "NB", "non-brain"},
    {7, "L", "lesion"},
    {8, "CGM", "cortical gray matter"},
    {8, "CGM", "cortical grey matter"},
    {9, "SGM", "subcortical gray matter"},
    {9, "SGM", "subcortical grey matter"},
    {10, "BS", "brainstem"},
    {11, "CBM", "cerebellum"},
};

bool IsAlphanumeric(unsigned char c) { return c < 0x80 && std::isalnum(c); }

// "sub-01", "run-1".
bool IsEntity(std::string_view word) {
  const std::size_t dash = word.find('-');
  return dash != word.npos && IsBidsLabel(word.substr(0, dash)) &&
         IsBidsLabel(word.substr(dash + 1));
}

}  // namespace

std::string BidsPrefix(const std::string& stem) {
  std::vector<std::string> words;
  boost::algorithm::split(words, stem, [](char c) { return c == '_'; });
  const std::string suffix = words.back();
  words.pop_back();
  const bool drops = !words.empty() && words.front().starts_with("sub-") &&
                     std::ranges::all_of(words, &IsEntity) && IsBidsLabel(suffix);
  return drops ? stem.substr(0, stem.size() - suffix.size() - 1) : stem;
}

bool IsBidsLabel(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, &IsAlphanumeric);
}

std::string BidsLabelOf(const std::string& name) {
  for (const Tissue& tissue : kTissues)
    if (boost::algorithm::iequals(name, tissue.name)) return std::string(tissue.label);
  std::string label = name;
  std::erase_if(label, [](char c) { return !IsAlphanumeric(c); });
  return label;
}

std::vector<std::string> BidsLabels(const ClassTable& classes) {
  std::vector<std::string> labels, numbers;
  for (const ClassEntry& entry : classes) {
    labels.push_back(BidsLabelOf(entry.name));
    numbers.push_back(std::to_string(entry.index));
  }
  std::set<std::string> different(labels.begin(), labels.end());
  different.erase("");
  return different.size() == labels.size() ? labels : numbers;
}

std::vector<std::string> PossibleBidsLabels(int index, const ClassNames& names) {
  const auto given = names.find(index);
  const std::string number = std::to_string(index);
  const std::string label =
      BidsLabelOf(given == names.end() ? "class " + number : given->second.name);
  if (label.empty() || label == number) return {number};
  return {label, number};
}

int BidsNumberOf(std::string_view label) {
  const Tissue* const found = std::ranges::find(kTissues, label, &Tissue::label);
  return found == std::end(kTissues) ? 0 : found->number;
}

}  // namespace gmmseg
