#include "batch/warnings.h"

#include <algorithm>

#include "base/text.h"

namespace gmmseg {
namespace {

void AddFitWarnings(const FitResult& fit, std::vector<std::string>& warnings) {
  const std::int64_t dropped = std::ranges::count_if(fit.rescues, &Rescue::dropped);
  const std::int64_t placed_anew = std::ssize(fit.rescues) - dropped;
  if (fit.num_distinct < fit.requested_components)
    warnings.push_back(Count(fit.requested_components, "class was", "classes were") +
                       " asked for, but the pixels have only " +
                       Count(fit.num_distinct, "distinct value", "distinct values") +
                       "; no more classes can be fitted");
  if (dropped > 0)
    warnings.push_back(Count(dropped, "component", "components") +
                       " lost every pixel and could not be saved; fewer classes come back");
  if (placed_anew > 0)
    warnings.push_back(
        "a component that had lost its pixels was placed anew" +
        (placed_anew > 1 ? ", " + std::to_string(placed_anew) + " times in all" : std::string()));
}

// Whether the best K is at an end of what was tried, and the data may want what lies beyond.
void AddEdgeWarning(const Model& model, std::vector<std::string>& warnings) {
  const std::vector<Candidate>& candidates = model.candidates;
  if (candidates.size() < 2) return;
  const std::size_t best = BestCandidate(candidates);
  const int k = candidates[best].requested_components;
  const bool at_least = best == 0 && k > 1;
  // As many classes as distinct colours: there is nothing beyond.
  const bool at_most = best + 1 == candidates.size() && model.fit.num_distinct > k;
  if (at_least || at_most)
    warnings.push_back(
        Format("the best number of components, %d, is the %s that was tried; %s may be "
               "better: give a wider range to -k",
               k, at_least ? "least" : "most", at_least ? "fewer" : "more"));
}

std::string DriftWarning(const Drift& drift) {
  return Format(
      "drift: %.0f %% of its pixels are less likely than 99 %% of those the model was fitted to, "
      "and its shares are %.2f from theirs (0 the same, 1 disjoint); look at it",
      100 * drift.unlikely_pixels, drift.share_distance);
}

std::string TissueModelWarning(TissuePreset preset) {
  const std::string option = "--preset " + std::string(ToString(preset));
  return "the model, of " + option +
         ", is of volumes without their uneven field and knows no voxel of two tissues; apply it "
         "to "
         "a restored volume alone, and segment others with " +
         option;
}

std::string AfterIterations(const FitResult& fit) {
  return " converged after " + Count(fit.iterations, "iteration", "iterations") +
         "; raise --max-iterations or --tolerance";
}

}  // namespace

std::vector<std::string> WarningsOf(const JobResult& result, const FitOptions* fit) {
  if (result.num_valid == 0)
    return {result.classes.empty()
                ? "no pixel has data: all labels are 0, and there is no class to make a model, "
                  "heatmaps or probabilities of"
                : "no pixel has data: all labels are 0"};
  std::vector<std::string> warnings;
  if (result.drift && result.drift->flagged()) warnings.push_back(DriftWarning(*result.drift));
  if (result.scene && result.scene->cut_margin > 0)
    warnings.push_back(Format(
        "small pieces were looked for within %lld pixels around each part of the raster; those "
        "which reach further may be cut there: give a smaller --min-size, or more --memory",
        static_cast<long long>(result.scene->cut_margin)));
  if (result.tissues && result.tissues->threshold)
    warnings.push_back(
        Format("no mask was given: what counts are the %lld voxels above %g in one piece, which is "
               "no brain "
               "extraction; where the head has its skull, give a --mask of the brain",
               static_cast<long long>(result.tissues->num_foreground), *result.tissues->threshold));
  if (fit == nullptr && result.model.preset)
    warnings.push_back(TissueModelWarning(*result.model.preset));
  if (fit == nullptr) return warnings;
  AddFitWarnings(result.model.fit, warnings);
  AddEdgeWarning(result.model, warnings);
  if (!result.model.fit.converged() && fit->tolerance > 0 && fit->max_iterations > 0)
    warnings.push_back("not" + AfterIterations(result.model.fit));
  return warnings;
}

std::vector<std::string> WarningsOf(const FolderResult& result) {
  const FitResult& fit = result.model->fit;
  std::vector<std::string> warnings;
  AddFitWarnings(fit, warnings);
  AddEdgeWarning(*result.model, warnings);
  if (result.mixed_model)
    warnings.push_back(
        "some images hold floats, whose white is taken to be 1, and others integers; if they are "
        "not alike, segment them apart");
  if (!fit.converged()) warnings.push_back("the shared model had not" + AfterIterations(fit));
  return warnings;
}

}  // namespace gmmseg
