#include <gmmseg/component_merge.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "base/stopwatch.h"
#include "base/text.h"
#include "base/tile_loop.h"
#include "base/weighted_quantiles.h"
#include "features/effective_samples.h"
#include "features/same_features.h"
#include "features/tempered_position.h"
#include "segment/applicable.h"
#include "segment/choose_components.h"
#include "segment/fit_options.h"
#include "segment/fitted_classes.h"
#include "segment/labelling.h"
#include "segment/reference_order.h"
#include "segment/scribbled_start.h"
#include "segment/smooth.h"
#include "segment/tissue_settings.h"

namespace gmmseg {
namespace {

// What the features say of the raster; no pixel has a label yet.
Segmentation Unlabelled(const Raster& raster, FeaturePlanes planes) {
  Segmentation result;
  result.width = raster.width();
  result.height = raster.height();
  result.depth = raster.depth();
  result.num_valid = planes.num_valid;
  result.planes = std::move(planes);
  return result;
}

// Values of samples as values of pixels.
template <typename T>
std::vector<T> ToPixels(std::vector<T> of_samples, const AlignedBuffer<std::uint32_t>& entry) {
  if (entry.empty()) return of_samples;
  const auto size = static_cast<std::int64_t>(entry.size());
  std::vector<T> of_pixels(size);
  ForEachTile(size, [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) of_pixels[i] = of_samples[entry[i]];
  });
  return of_pixels;
}

// What a fit says where there is nothing to fit: a mixture of no component.
FitResult NothingFitted(const SegmentOptions& options, const FeatureLayout& layout) {
  FitResult fit;
  fit.method = options.fit.method;
  fit.model.covariance_type = options.fit.covariance_type;
  fit.model.blocks = layout.blocks;
  fit.model.means.resize(0, static_cast<Eigen::Index>(layout.info.size()));
  fit.requested_components = options.num_components();
  return fit;
}

Model UnfittedModel(const FeaturePlanes& planes, const SegmentOptions& options) {
  Model model;
  model.features = planes.layout;
  model.standardization = planes.samples.standardization();
  model.seed = options.fit.seed;
  return model;
}

LabelTotals Label(Segmentation& result) {
  const FeaturePlanes& planes = result.planes;
  std::vector<std::uint16_t> labels(planes.samples.size());
  result.sample_uncertainty.resize(labels.size());
  result.sample_log_density.resize(labels.size());
  const LabelTotals totals =
      LabelSamples(planes, result.model.mixture(), result.model.merge.class_of,
                   {labels, result.sample_uncertainty, result.sample_log_density});
  if (totals.overflowed())
    throw ParameterError(
        "the image lies too far from what the model was fitted on for its densities to be told in "
        "numbers; use an image of the same kind, with values in the same range");
  result.labels = ToPixels(std::move(labels), planes.entry);
  result.log_likelihood = totals.MeanLogDensity();
  return totals;
}

// Of the samples that lack no value, where there are any.
std::vector<DensityQuantile> LogDensityQuantiles(const Segmentation& segmentation) {
  const Samples& samples = segmentation.planes.samples;
  const std::span<const float> all(samples.weights(), samples.weights() + samples.size());
  std::vector<float> of_whole(all.begin(), all.end());
  for (std::int64_t i = 0; samples.has_missing() && i < samples.size(); ++i)
    if (samples.MissingPattern(i) > 0) of_whole[i] = 0;
  const bool any = std::ranges::any_of(of_whole, [](float weight) { return weight > 0; });
  const std::vector<double> values =
      WeightedQuantiles(segmentation.sample_log_density,
                        any ? std::span<const float>(of_whole) : all, Model::kQuantiles);
  std::vector<DensityQuantile> quantiles;
  for (std::size_t q = 0; q < values.size(); ++q)
    quantiles.push_back({Model::kQuantiles[q], values[q]});
  return quantiles;
}

void SetCriteria(const FeaturePlanes& planes, const LabelTotals& totals, Model& model) {
  const GaussianMixture& mixture = model.mixture();
  if (model.fit.method == FitMethod::kKMeans || !IsDensity(mixture)) return;
  const double entropy =
      model.merge.class_of.empty() ? totals.MeanEntropy() : MeanComponentEntropy(planes, mixture);
  const Criteria criteria =
      CriteriaOf(mixture, model.fit.log_likelihood, entropy, model.fit.num_samples);
  model.bic = criteria.bic;
  model.aic = criteria.aic;
  model.icl = criteria.icl;
}

// By the options: of the K that is asked for, or of the one that is chosen.
void Fit(const FeaturePlanes& planes, const SegmentOptions& options, double num_effective,
         Model& model) {
  const FitOptions fit = FitOptionsFor(options, planes, num_effective);
  if (!options.choose) {
    model.fit = FitMixture(planes.samples, fit);
    return;
  }
  ChosenFit chosen = ChooseComponents(planes, fit, *options.choose, num_effective);
  model.fit = std::move(chosen.fit);
  model.candidates = std::move(chosen.candidates);
}

// Labels by the fitted model, and what they say of it.
void LabelFitted(Segmentation& result, const ClassNames& names) {
  Model& model = result.model;
  const LabelTotals totals = Label(result);
  NameClasses(model.classes, names);
  model.classes = WithShares(std::move(model.classes), totals.pixels);
  SetCriteria(result.planes, totals, model);
  result.classes = model.classes;
}

// The classes of a fit by the options, in their order.
void ArrangeClasses(const SegmentOptions& options, const FeaturePlanes& planes, Model& model) {
  if (options.scribbles == Scribbles::kStart)
    TakeScribbledOrder(planes.scribbled, model);
  else if (options.fit.known)
    model.order = ClassOrder::kReference;
  if (options.num_classes > 0)
    model.merge = MergeComponents(planes.samples, model.mixture(), options.num_classes);
  model.classes = ClassesOf(model.mixture(), model.merge);
}

// `arrange` may put the fitted model's components in another order and names its classes.
Segmentation FitAndLabel(const Raster& raster, const SegmentOptions& options,
                         const std::function<void(const FeaturePlanes&, Model&)>& arrange) {
  Stopwatch watch;
  Segmentation result = Unlabelled(raster, ComputeFeatures(raster, options.features));
  result.seconds.features = watch.Lap();

  Model& model = result.model;
  model = UnfittedModel(result.planes, options);
  if (result.num_valid == 0) {
    model.fit = NothingFitted(options, result.planes.layout);
    result.labels.resize(raster.num_pixels());
    result.sample_uncertainty.resize(result.planes.samples.size());
    result.sample_log_density.resize(result.planes.samples.size());
    return result;
  }
  Fit(result.planes, options,
      NeedsEffectiveSamples(options) ? EffectiveSamples(raster, result.planes) : 0, model);
  arrange(result.planes, model);
  result.seconds.fit = watch.Lap();

  LabelFitted(result, options.class_names);
  model.log_density_quantiles = LogDensityQuantiles(result);
  SmoothClasses(raster, options.smooth, result);
  result.seconds.labels = watch.Lap();
  return result;
}

std::string SpecText(const FeatureSpec& spec) {
  return Format("%s with position weight %g and missing values %s", FeatureWords(spec).c_str(),
                spec.position_weight, std::string(ToString(spec.missing)).c_str());
}

// The options, with the features of the reference.
SegmentOptions OptionsLike(const Model& reference, const SegmentOptions& options) {
  const FeatureSpec& spec = reference.features.spec;
  if (options.features != FeatureSpec{} && options.features != spec)
    throw ParameterError("features " + SpecText(options.features) + "; the reference model has " +
                         SpecText(spec) + ": ask for these, or for none");
  const int asked = options.num_components();
  const int most = reference.mixture().num_components();
  if (asked > most)
    throw ParameterError("num_components = " + std::to_string(asked) +
                         "; the reference model has " + std::to_string(most) +
                         " classes: ask for at most as many");
  SegmentOptions like_reference = options;
  like_reference.features = spec;
  return like_reference;
}

void CheckShrinkage(const SegmentOptions& options) {
  if (options.shrinkage && !(*options.shrinkage >= 0 && *options.shrinkage < 1))
    throw ParameterError(Format("shrinkage = %g; must be >= 0 and < 1", *options.shrinkage));
}

void CheckMethod(const SegmentOptions& options) {
  if (options.fit.method == FitMethod::kMixture) return;
  if (options.shrinkage != 0.0)
    throw ParameterError(
        "shrinkage is of the covariances of a mixture, and k-means has one sphere for all; fit a "
        "mixture, or leave shrinkage away");
  if (options.choose)
    throw ParameterError(
        "k-means has no likelihood by which the number of classes could be chosen; give one "
        "number, such as the one that a mixture chooses");
  if (options.features.missing == MissingValues::kMarginal)
    throw ParameterError(
        "missing = marginal: k-means has no distance to a pixel that lacks some of its bands; give "
        "skip, or fit a mixture");
  if (options.scribbles == Scribbles::kStart || options.fit.freeze == Freeze::kOn)
    throw ParameterError(
        "scribbles and frozen classes are of a mixture; fit one, or leave them away");
}

// Whether the options' components can become its classes.
void CheckMerge(const SegmentOptions& options) {
  if (options.num_classes == 0) return;
  if (options.num_classes < 1 || options.num_classes > options.num_components())
    throw ParameterError(
        Format("number of classes = %d; must be 1 to %d, the number of components "
               "to make them of",
               options.num_classes, options.num_components()));
  if (options.num_components() > kMostMerged)
    throw ParameterError(Format("%d components to merge to classes; ask for at most %d",
                                options.num_components(), kMostMerged));
  if (options.fit.method == FitMethod::kKMeans)
    throw ParameterError(
        "k-means has no posteriors by whose entropy its classes could be merged; fit a mixture, or "
        "do not ask for a number of classes");
  if (options.scribbles == Scribbles::kStart || options.fit.known)
    throw ParameterError(
        "scribbles and frozen models say which classes there are; do not ask for a number of "
        "classes beside them");
}

}  // namespace

void CheckApplicable(const Raster& raster, const Model& model) {
  if (model.mixture().num_components() == 0)
    throw ParameterError(
        "the model has no component, for its image had no pixel with data; fit one on an image "
        "with data");
  const FeatureLayout layout = DescribeFeatures(raster, model.features.spec);
  if (!SameFeatures(layout, model.features))
    throw ParameterError("the image gives the features " + FeatureNames(layout) +
                         "; the model needs " + FeatureNames(model.features) +
                         "; use an image of the same kind");
}

bool NeedsEffectiveSamples(const SegmentOptions& options) {
  return options.choose || !options.shrinkage;
}

void CheckChoice(const SegmentOptions& options) {
  CheckShrinkage(options);
  if (options.tissues) CheckTissues(options);
  const bool has_start = options.fit.start || options.fit.known;
  if (options.scribbles == Scribbles::kStart && (options.choose || has_start))
    throw ParameterError(
        "scribbles start one model, with a number of components of its own; give them neither a "
        "range nor another start");
  CheckMethod(options);
  CheckMerge(options);
  Validate(options.smooth);
  if (!options.choose) return;
  Validate(*options.choose);
  if (options.fit.start)
    throw ParameterError(
        "a range of components with a start model, which has its number; give one of them");
  if (IsTempered(options.features))
    throw ParameterError(
        Format("position weight %g makes the model no density, of which no BIC is defined, so that "
               "the number of components cannot be chosen; give it, or position weight 0 or 1",
               options.features.position_weight));
}

Segmentation Segment(const Raster& raster, const SegmentOptions& options) {
  CheckChoice(options);
  CheckClassNames(options.class_names, options.most_classes());
  if (options.tissues) return SegmentAsTissues(raster, options);
  return FitAndLabel(raster, options, [&](const FeaturePlanes& planes, Model& model) {
    ArrangeClasses(options, planes, model);
  });
}

MatchedSegmentation SegmentMatched(const Raster& raster, const SegmentOptions& options,
                                   const Model& reference) {
  if (options.tissues)
    throw ParameterError("tissues with a reference model to match; they have their classes");
  if (options.choose)
    throw ParameterError("a range of components with a reference model to match; give one number");
  if (options.scribbles == Scribbles::kStart)
    throw ParameterError("scribbles with a reference model to match; give one of them");
  if (options.num_classes > 0)
    throw ParameterError(
        "a number of classes with a reference model to match, whose classes are taken; give one of "
        "them");
  CheckShrinkage(options);
  CheckMethod(options);
  CheckApplicable(raster, reference);
  CheckClassNames(options.class_names, static_cast<int>(reference.classes.size()));
  MatchedSegmentation result;
  result.matches.resize(reference.mixture().num_components());
  result.segmentation = FitAndLabel(
      raster, OptionsLike(reference, options),
      [&](const FeaturePlanes&, Model& model) { result.matches = TakeOrderOf(reference, model); });
  const Eigen::VectorXd& weights = result.segmentation.model.mixture().weights;
  for (Eigen::Index k = 0; k < weights.size(); ++k)
    result.confidence += weights[k] * result.matches[k].coefficient;
  return result;
}

Model FitModel(FeaturePlanes planes, const SegmentOptions& options, const RefineFunction& refine,
               double num_effective) {
  CheckChoice(options);
  CheckClassNames(options.class_names, options.most_classes());
  if (options.tissues)
    throw ParameterError("tissues are of one image, and samples of many have none");
  if (!options.smooth.IsOff())
    throw ParameterError(
        "samples of many images have no neighbours to be smoothed with; smooth where the model is "
        "applied");
  Segmentation result;
  result.num_valid = planes.num_valid;
  result.planes = std::move(planes);
  Model& model = result.model;
  model = UnfittedModel(result.planes, options);
  Fit(result.planes, options,
      num_effective > 0 ? num_effective : static_cast<double>(result.num_valid), model);
  if (refine) model.fit = refine(std::move(model.fit), result.planes);
  ArrangeClasses(options, result.planes, model);
  LabelFitted(result, options.class_names);
  model.log_density_quantiles = LogDensityQuantiles(result);
  return std::move(model);
}

Segmentation Apply(const Raster& raster, const Model& model, const SmoothOptions& smooth) {
  CheckApplicable(raster, model);
  Validate(smooth);
  Stopwatch watch;
  Segmentation result = Unlabelled(raster, ComputeFeatures(raster, model.features.spec));
  result.model = model;
  result.seconds.features = watch.Lap();
  result.classes = WithShares(model.classes, Label(result).pixels);
  SmoothClasses(raster, smooth, result);
  result.seconds.labels = watch.Lap();
  return result;
}

std::vector<float> Segmentation::Imputed(int d) const {
  if (d < 0 || d >= planes.samples.num_features())
    throw ParameterError(
        Format("feature %d; must lie within 0 to %d", d, planes.samples.num_features() - 1));
  std::vector<float> of_samples = ImputedFeature(planes.samples, model.mixture(), d);
  for (std::int64_t i = 0; i < planes.samples.size(); ++i)
    if (!(planes.samples.weights()[i] > 0)) of_samples[i] = std::numeric_limits<float>::quiet_NaN();
  return ToPixels(std::move(of_samples), planes.entry);
}

std::vector<std::vector<float>> Segmentation::Posteriors(int first, int count) const {
  const auto num_classes = static_cast<int>(classes.size());
  if (first < 1 || count < 0 || first + count - 1 > num_classes)
    throw ParameterError("classes " + std::to_string(first) + " to " +
                         std::to_string(first + count - 1) + "; must lie within 1 to " +
                         std::to_string(num_classes));
  std::vector<std::vector<float>> posteriors(count, std::vector<float>(num_places()));
  if (count == 0) return posteriors;
  VisitPlaces([&](const PosteriorTile& tile) {
    for (int k = 0; k < count; ++k)
      for (std::int64_t i = 0; i < tile.count; ++i)
        if (PlaceHasData(tile.first + i))
          posteriors[k][tile.first + i] = tile.Posterior(first - 1 + k, i);
  });
  if (!IsSmooth())
    for (std::vector<float>& plane : posteriors) plane = ToPixels(std::move(plane), planes.entry);
  return posteriors;
}

void Segmentation::VisitPlaces(const PosteriorVisitor& visit) const {
  if (!IsSmooth()) {
    VisitClassPosteriors(planes.samples, model.mixture(), model.merge.class_of, visit);
    return;
  }
  constexpr std::int64_t kMaxValues = 1 << 22;  // that a thread holds
  const std::int64_t run = std::clamp<std::int64_t>(kMaxValues / std::ssize(classes), 1, kTileSize);
  tbb::enumerable_thread_specific<std::vector<float>> buffers(run * classes.size());
  ForEachTile(num_pixels(), [&](std::int64_t, std::int64_t tile_first, std::int64_t tile_count) {
    float* const values = buffers.local().data();
    for (std::int64_t first = tile_first; first < tile_first + tile_count; first += run) {
      const std::int64_t count = std::min(run, tile_first + tile_count - first);
      smooth_posteriors->Evaluate(first, count, values, run);
      visit({first, count, values, run, nullptr});
    }
  });
}

std::vector<float> Segmentation::Uncertainty() const {
  if (!IsSmooth()) return sample_uncertainty;
  std::vector<float> uncertainty(num_pixels());
  const float largest = std::log(static_cast<float>(classes.size()));
  VisitPlaces([&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      float entropy = 0;
      for (int k = 0; k < static_cast<int>(classes.size()); ++k)
        if (const float p = tile.Posterior(k, i); p > 0) entropy -= p * std::log(p);
      uncertainty[tile.first + i] = std::clamp(entropy / largest, 0.0f, 1.0f);
    }
  });
  return uncertainty;
}

}  // namespace gmmseg
