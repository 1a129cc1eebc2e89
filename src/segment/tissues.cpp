#include <gmmseg/errors.h>
#include <gmmseg/tissues.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "base/stopwatch.h"
#include "base/text.h"
#include "base/words.h"
#include "mixture/partial_volume.h"
#include "segment/fitted_classes.h"
#include "segment/foreground.h"
#include "segment/pixel_posteriors.h"
#include "segment/tissue_fit.h"
#include "spatial/fraction_field.h"

namespace gmmseg {
namespace {

constexpr Word<TissuePreset> kPresets[] = {{TissuePreset::kT1, "t1"},
                                           {TissuePreset::kT2, "t2"},
                                           {TissuePreset::kFlair, "flair"},
                                           {TissuePreset::kCt, "ct"}};
constexpr const char* kTissueNames[] = {"CSF", "GM", "WM"};

void Check(const Raster& raster, const TissueOptions& options) {
  if (raster.num_bands() != 1)
    throw ParameterError(Format("%d bands; tissues are told by the intensities of one: choose it",
                                raster.num_bands()));
  if (options.num_mixes < 0 || options.num_mixes > 50)
    throw ParameterError(Format("num_mixes = %d; must be 0 to 50", options.num_mixes));
  if (!(options.bias_resolution >= 10 && options.bias_resolution < 1e6))
    throw ParameterError(
        Format("bias_resolution = %g mm; must be 10 or more", options.bias_resolution));
  if (options.strength && !(*options.strength >= 0 && std::isfinite(*options.strength)))
    throw ParameterError(Format("strength = %g; must be >= 0", *options.strength));
  if (options.maps)
    for (const std::vector<float>& map : *options.maps)
      if (std::ssize(map) != raster.num_pixels())
        throw ParameterError(Format("a map of a tissue has %zu values for %lld voxels", map.size(),
                                    static_cast<long long>(raster.num_pixels())));
  if (options.max_sweeps < 0 || options.max_iterations < 1 || !(options.tolerance >= 0) ||
      !(options.sweep_tolerance >= 0))
    throw ParameterError(
        Format("max_sweeps = %d, max_iterations = %d, tolerance = %g; must be >= "
               "0, >= 1 and >= 0",
               options.max_sweeps, options.max_iterations, options.tolerance));
}

std::vector<float> IntensitiesOf(const Raster& raster) {
  return raster.VisitBand(0, [&](const auto* values) {
    return std::vector<float>(values, values + raster.num_pixels());
  });
}

class TissueSegmenter {
 public:
  TissueSegmenter(const Raster& raster, const TissueOptions& options)
      : raster_(raster),
        options_(options),
        grid_{raster.width(), raster.height(), raster.depth()},
        spacing_(raster.volume() ? raster.volume()->spacing : std::array<double, 3>{1, 1, 1}),
        intensities_(IntensitiesOf(raster)) {
    options_.bias = options.HasField();
  }

  TissueSegmentation Run() {
    Stopwatch watch;
    TakeForeground();
    const double features = watch.Lap();
    fit_ = FitTissues(grid_, spacing_, intensities_, inside_, options_);
    const double fitting = watch.Lap();
    std::vector<std::vector<float>> fractions = FindFractions();
    SetRestored();
    SetSegmentation(fractions);
    result_.segmentation.seconds = {features, fitting, watch.Lap()};
    return std::move(result_);
  }

 private:
  void TakeForeground() {
    FoundForeground found =
        FindForeground(raster_, intensities_, options_.foreground, options_.preset);
    inside_ = std::move(found.inside);
    result_.facts.threshold = found.threshold;
    result_.facts.num_foreground = found.num_inside;
    result_.facts.num_left_out = found.num_left_out;
    if (found.num_inside == 0)
      throw ParameterError("no voxel lies in the foreground; check the image and the mask");
  }

  // With all parameters settled.
  std::vector<std::vector<float>> FindFractions() {
    TissueFacts& facts = result_.facts;
    facts.iterations = static_cast<int>(fit_.log_likelihoods.size());
    facts.converged = fit_.converged;
    facts.log_likelihoods = fit_.log_likelihoods;
    facts.deviation = std::sqrt(fit_.model.variances.mean());
    facts.preset = options_.preset;
    facts.num_mixes = options_.num_mixes;
    for (int l = 0; l < fit_.model.num_states(); ++l) {
      const TissueState& state = fit_.model.states[l];
      facts.states.push_back({state.first, state.second, state.share, fit_.model.weights[l],
                              fit_.model.MeanOf(l), fit_.model.VarianceOf(l)});
    }
    const StateDensities densities(fit_.model);
    std::vector<FractionState> states;
    for (int l = 0; l < fit_.model.num_states(); ++l) {
      const Eigen::VectorXf fractions = fit_.model.FractionsOf(l).cast<float>();
      states.push_back({{fractions.data(), fractions.data() + fractions.size()},
                        static_cast<float>(std::log(std::max(fit_.model.weights[l], 1e-12)))});
    }
    FractionField field(
        grid_, inside_, std::move(states),
        [&](std::span<const std::int64_t> voxels, float* values, std::int64_t stride) {
          std::array<float, FractionField::kMostAtATime> intensities{}, fields{};
          for (std::size_t i = 0; i < voxels.size(); ++i) {
            intensities[i] = intensities_[voxels[i]];
            fields[i] = fit_.field[voxels[i]];
          }
          densities.Evaluate(intensities.data(), fields.data(), std::ssize(voxels), values, stride);
          if (options_.maps) AddMaps(voxels, values, stride);
        });
    field.Start();
    FractionRules rules{
        .neighbours = NeighboursOf(
            grid_, spacing_, options_.diagonal_neighbours ? Neighbourhood::k26 : Neighbourhood::k6),
        .strength = options_.strength.value_or(TissueOptions::kMostStrength),
        .max_sweeps = options_.max_sweeps,
        .tolerance = options_.sweep_tolerance};
    if (!options_.strength) rules.strength = EstimateStrength(rules, field);
    facts.strength = rules.strength;
    if (rules.strength > 0) facts.energies = field.Sweep(rules);
    return std::move(field).TakeFractions();
  }

  void AddMaps(std::span<const std::int64_t> voxels, float* values, std::int64_t stride) const {
    constexpr float kLeast = 0.01f;
    const TissueMaps& maps = *options_.maps;
    for (std::size_t i = 0; i < voxels.size(); ++i) {
      const std::int64_t voxel = voxels[i];
      const float sum = maps[0][voxel] + maps[1][voxel] + maps[2][voxel];
      if (!(sum > 0)) continue;
      std::array<float, 3> logs;
      for (std::size_t k = 0; k < logs.size(); ++k)
        logs[k] = std::log(std::max(kLeast, maps[k][voxel] / sum));
      for (int l = 0; l < fit_.model.num_states(); ++l) {
        const TissueState& state = fit_.model.states[l];
        const auto share = static_cast<float>(state.share);
        values[l * stride + static_cast<std::int64_t>(i)] +=
            (1 - share) * logs[state.first] + share * logs[state.second];
      }
    }
  }

  // By turns with sweeps that use it.
  static double EstimateStrength(FractionRules rules, FractionField& field) {
    constexpr int kTurns = 3, kSweeps = 2;
    rules.max_sweeps = kSweeps;
    for (int turn = 0; turn < kTurns; ++turn) {
      field.Sweep(rules);
      rules.strength = std::min(TissueOptions::kMostStrength, field.EstimateStrength(rules));
    }
    return rules.strength;
  }

  void SetRestored() {
    Raster restored(grid_.width, grid_.height, 1, SampleType::kFloat32, raster_.color_model(),
                    grid_.depth);
    float* const values = restored.Band<float>(0);
    TissueFacts& facts = result_.facts;
    facts.bias_least = facts.bias_most = 1;
    for (std::int64_t i = 0; i < grid_.size(); ++i) {
      if (!inside_[i]) {
        restored.Invalidate(i);
        continue;
      }
      values[i] = intensities_[i] / fit_.field[i];
      facts.bias_least = std::min(facts.bias_least, double{fit_.field[i]});
      facts.bias_most = std::max(facts.bias_most, double{fit_.field[i]});
    }
    restored.SetGeoreference(raster_.georeference());
    if (raster_.volume()) restored.SetVolume(*raster_.volume());
    result_.restored = std::move(restored);
    if (options_.bias) result_.bias = std::move(fit_.field);
  }

  // Three Gaussians at the pure tissues, as a model that says the same of restored volumes.
  Model TissueMixture(const std::vector<std::vector<float>>& fractions) const {
    Model model;
    FeatureSpec spec;
    spec.color = ColorSpace::kRaw;
    model.features = DescribeFeatures(result_.restored, spec);
    model.seed = options_.seed;
    model.order = ClassOrder::kReference;
    model.preset = options_.preset;
    FitResult& fit = model.fit;
    fit.stop_reason = fit_.converged ? StopReason::kConverged : StopReason::kMaxIterations;
    fit.iterations = static_cast<int>(fit_.log_likelihoods.size());
    fit.history = fit_.log_likelihoods;
    fit.log_likelihood = fit_.log_likelihoods.back();
    fit.initial_log_likelihood = fit_.log_likelihoods.front();
    fit.num_samples = static_cast<double>(result_.facts.num_foreground);
    fit.requested_components = fit.num_distinct = fit_.model.num_tissues();
    fit.at_floor.assign(fit_.model.num_tissues(), false);
    GaussianMixture& mixture = fit.model;
    const bool tied = fit_.model.variances.size() == 1;
    mixture.covariance_type = tied ? CovarianceType::kTied : CovarianceType::kFull;
    mixture.blocks = model.features.blocks;
    mixture.means = fit_.model.means;
    mixture.weights.resize(fit_.model.num_tissues());
    for (int k = 0; k < fit_.model.num_tissues(); ++k) {
      mixture.covariances.push_back(Eigen::MatrixXd::Constant(1, 1, fit_.model.VarianceOf(k)));
      double sum = 0;
      for (const float fraction : fractions[k]) sum += fraction;
      mixture.weights[k] = sum;
    }
    mixture.weights /= mixture.weights.sum();
    model.standardization = Standardization::Identity(1);
    model.classes = ClassesOf(mixture, model.merge);
    ClassNames names;
    for (int k = 0; k < fit_.model.num_tissues(); ++k) names[k + 1].name = kTissueNames[k];
    NameClasses(model.classes, names);
    return model;
  }

  void SetSegmentation(const std::vector<std::vector<float>>& fractions) {
    Segmentation& segmentation = result_.segmentation;
    segmentation = Apply(result_.restored, TissueMixture(fractions));
    segmentation.model.standardization = segmentation.planes.samples.standardization();
    AlignedBuffer<float> planes(grid_.size() * std::ssize(fractions));
    for (std::size_t k = 0; k < fractions.size(); ++k)
      std::ranges::copy(fractions[k], planes.data() + static_cast<std::int64_t>(k) * grid_.size());
    segmentation.smooth_posteriors =
        std::make_unique<PosteriorPlanes>(std::move(planes), static_cast<int>(fractions.size()));
    TakeMostProbable(segmentation);
    CountShares(segmentation);
    segmentation.model.classes = segmentation.classes;
  }

  const Raster& raster_;
  TissueOptions options_;
  Grid grid_;
  std::array<double, 3> spacing_;
  std::vector<float> intensities_;
  std::vector<std::uint8_t> inside_;
  TissueFit fit_;
  TissueSegmentation result_;
};

}  // namespace

std::string_view ToString(TissuePreset preset) { return ToWord(preset, kPresets); }
TissuePreset ParseTissuePreset(std::string_view word) { return FromWord(word, kPresets, "preset"); }

TissueSegmentation SegmentTissues(const Raster& raster, const TissueOptions& options) {
  Check(raster, options);
  return TissueSegmenter(raster, options).Run();
}

}  // namespace gmmseg
