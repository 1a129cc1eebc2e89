#include "evaluate/class_scores.h"

#include <map>

#include "evaluate/hausdorff.h"

namespace gmmseg {
namespace {

constexpr std::uint16_t kBackground = 0;

// The two sides of a class; a label is kNone where that side lacks it.
struct ClassSides {
  std::int32_t predicted_label = LabelGrid::kNone, true_label = LabelGrid::kNone;
  std::int64_t predicted = 0, truth = 0, both = 0;  // pixels
};

using Classes = std::map<std::uint32_t, ClassSides>;  // by the truth's number

Classes ClassesOfTruth(const ContingencyTable& table) {
  Classes classes;
  for (const auto& region : table.truths())
    if (region.label != kBackground) {
      ClassSides& sides = classes[region.label];
      sides.true_label = static_cast<std::int32_t>(region.label);
      sides.truth = region.pixels;
    }
  return classes;
}

// Which class each predicted region is.
std::vector<std::uint32_t> PredictedClasses(const ContingencyTable& table, ClassMatching matching,
                                            const std::optional<std::vector<int>>& matches) {
  std::vector<std::uint32_t> classes;
  for (std::size_t p = 0; p < table.predictions().size(); ++p)
    if (matching == ClassMatching::kNumber)
      classes.push_back(table.predictions()[p].label);
    else
      classes.push_back((*matches)[p] < 0 ? kBackground : table.truths()[(*matches)[p]].label);
  return classes;
}

void AddPredictions(const ContingencyTable& table, const std::vector<std::uint32_t>& predicted,
                    Classes& classes) {
  for (std::size_t p = 0; p < predicted.size(); ++p)
    if (predicted[p] != kBackground) {
      ClassSides& sides = classes[predicted[p]];
      sides.predicted_label = static_cast<std::int32_t>(table.predictions()[p].label);
      sides.predicted = table.predictions()[p].pixels;
    }
  for (const auto& overlap : table.overlaps()) {
    const std::uint32_t label = predicted[overlap.prediction];
    if (label != kBackground && label == table.truths()[overlap.truth].label)
      classes[label].both = overlap.pixels;
  }
}

ClassScore ScoreOf(std::uint32_t label, const ClassSides& sides) {
  const auto both = static_cast<double>(sides.both);
  const auto sum = static_cast<double>(sides.predicted + sides.truth);
  return {static_cast<std::uint16_t>(label), 2 * both / sum, both / (sum - both), std::nullopt};
}

}  // namespace

std::vector<ClassScore> ScoreClasses(const ContingencyTable& table, ClassMatching matching,
                                     const std::optional<std::vector<int>>& matches,
                                     const std::optional<LabelGrids>& grids) {
  if (matching == ClassMatching::kNone) return {};
  if (matching == ClassMatching::kOverlap && !matches) return {};
  Classes classes = ClassesOfTruth(table);
  AddPredictions(table, PredictedClasses(table, matching, matches), classes);
  Surfaces predicted_surfaces, true_surfaces;
  if (grids) {
    predicted_surfaces = SurfacesOf(grids->prediction);
    true_surfaces = SurfacesOf(grids->truth);
  }
  std::vector<ClassScore> scores;
  for (const auto& [label, sides] : classes) {
    scores.push_back(ScoreOf(label, sides));
    if (grids && sides.predicted > 0 && sides.truth > 0)
      scores.back().hausdorff95 = Hausdorff95(predicted_surfaces.at(sides.predicted_label),
                                              true_surfaces.at(sides.true_label));
  }
  return scores;
}

}  // namespace gmmseg
