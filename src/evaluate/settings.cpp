#include <gmmseg/errors.h>
#include <gmmseg/evaluation.h>

#include <algorithm>

namespace gmmseg {
namespace {

using Settings = std::span<const std::vector<ImageScores>>;

bool HaveSameTruths(const ImageScores& a, const ImageScores& b) {
  return std::ranges::equal(a.truths, b.truths,
                            [](const TruthScores& one, const TruthScores& other) {
                              return std::ranges::equal(one.regions, other.regions, {},
                                                        &TruthRegion::pixels, &TruthRegion::pixels);
                            });
}

void CheckSettings(Settings settings) {
  if (settings.empty() || settings.front().empty())
    throw ParameterError("there is nothing to compare; give one setting with one image at least");
  for (const std::vector<ImageScores>& images : settings)
    if (!std::ranges::equal(images, settings.front(), &HaveSameTruths))
      throw ParameterError(
          "the settings were not held against the same truths; give each the same images");
}

// Which of the candidates has the best value, the first of equals; 0 where none has one.
template <typename Candidates, typename ValueOf>
std::size_t BestOf(Measure measure, const Candidates& candidates, const ValueOf& value_of) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const std::optional<double>& value = value_of(candidates[i]);
    const std::optional<double>& leader = value_of(candidates[best]);
    if (value && (!leader || IsBetter(measure, *value, *leader))) best = i;
  }
  return best;
}

// An image that has no value in any setting counts as it does in the one that is best for the set.
std::optional<double> OptimalImageScale(Settings settings, Measure measure,
                                        std::size_t best_for_set) {
  std::vector<ImageScores> best;
  for (std::size_t i = 0; i < settings.front().size(); ++i) {
    const std::size_t s = BestOf(
        measure, settings, [&](const std::vector<ImageScores>& images) -> auto& {
          return images[i].scores[measure];
        });
    const bool has_value = settings[s][i].scores[measure].has_value();
    const ImageScores& image = settings[has_value ? s : best_for_set][i];
    best.push_back({image.scores, image.covering, image.boundary, {}});
  }
  return ScoresOfSet(best)[measure];
}

// Of truth t of image i, region by region.
CoveringCounts CountBestCovered(Settings settings, std::size_t i, std::size_t t) {
  CoveringCounts counts;
  const std::vector<TruthRegion>& regions = settings.front()[i].truths[t].regions;
  for (std::size_t r = 0; r < regions.size(); ++r) {
    double overlap = 0;
    for (const std::vector<ImageScores>& images : settings)
      overlap = std::max(overlap, images[i].truths[t].regions[r].best_overlap);
    counts += {regions[r].pixels, overlap * static_cast<double>(regions[r].pixels)};
  }
  return counts;
}

double BestCovering(Settings settings) {
  CoveringCounts counts;
  const std::vector<ImageScores>& images = settings.front();
  for (std::size_t i = 0; i < images.size(); ++i)
    for (std::size_t t = 0; t < images[i].truths.size(); ++t)
      counts += CountBestCovered(settings, i, t);
  return counts.share();
}

}  // namespace

SettingsScores CompareSettings(Settings settings) {
  CheckSettings(settings);
  std::vector<Scores> of_sets;
  for (const std::vector<ImageScores>& images : settings) of_sets.push_back(ScoresOfSet(images));
  SettingsScores result;
  for (const Measure measure : kMeasures) {
    const std::size_t best = BestOf(
        measure, of_sets, [&](const Scores& scores) -> auto& { return scores[measure]; });
    result.best_setting[static_cast<std::size_t>(measure)] = best;
    result.optimal_dataset_scale[measure] = of_sets[best][measure];
    result.optimal_image_scale[measure] = OptimalImageScale(settings, measure, best);
  }
  result.best_covering = BestCovering(settings);
  return result;
}

}  // namespace gmmseg
