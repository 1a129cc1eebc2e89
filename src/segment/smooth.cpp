#include "segment/smooth.h"

#include <gmmseg/component_merge.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/stopwatch.h"
#include "base/text.h"
#include "base/tile_loop.h"
#include "base/words.h"
#include "features/effective_samples.h"
#include "segment/fitted_classes.h"
#include "segment/principal_components.h"
#include "spatial/fast_math.h"
#include "spatial/guided_filter.h"
#include "spatial/mean_field.h"
#include "spatial/pieces.h"

namespace gmmseg {
namespace {

constexpr Word<SmoothMethod> kWords[] = {{SmoothMethod::kOff, "off"},
                                         {SmoothMethod::kAuto, "auto"},
                                         {SmoothMethod::kGuided, "guided"},
                                         {SmoothMethod::kPotts, "potts"}};
constexpr int kMostGuides = 3;
constexpr double kGuideDeviation = 0.25;  // of guides whose range is unknown; photographs' is that
constexpr float kLeastPosterior = 1e-30f;

using Floats = std::vector<float>;

class Smoother {
 public:
  Smoother(const Raster& raster, const SmoothOptions& options, Segmentation& result)
      : raster_(raster),
        options_(options),
        result_(result),
        grid_{result.width, result.height, result.depth},
        has_data_(grid_.size()) {
    ForEachPixel([&](std::int64_t i) {
      const bool has_data = samples().weights()[result_.planes.SampleOf(i)] > 0;
      has_data_[i] = has_data ? 1.0f : 0.0f;
    });
  }

  void Smooth() {
    const bool potts = options_.method != SmoothMethod::kGuided;
    result_.smoothing.method = potts ? SmoothMethod::kPotts : SmoothMethod::kGuided;
    const std::vector<Floats> guide = Guide();
    std::vector<const float*> planes;
    for (const Floats& plane : guide) planes.push_back(plane.data());
    if (potts)
      SmoothByPotts(planes);
    else
      SmoothByGuide(planes);
    TakeMostProbable();
  }

  void MovePieces() {
    const MovedPieces moved = AbsorbSmallPieces(grid_, options_.min_size, result_.labels);
    result_.smoothing.pieces_moved = moved.pieces;
    result_.smoothing.pixels_moved = moved.pixels;
  }

  void CountShares() {
    std::vector<std::int64_t> pixels(num_classes());
    for (const std::uint16_t label : result_.labels)
      if (label > 0) ++pixels[label - 1];
    result_.classes = WithShares(std::move(result_.classes), pixels);
  }

 private:
  const Samples& samples() const { return result_.planes.samples; }
  int num_classes() const { return static_cast<int>(result_.classes.size()); }
  ClassPlanes planes() { return {result_.smooth_posteriors.data(), grid_.size(), num_classes()}; }

  template <typename Body>
  void ForEachPixel(const Body& body) const {
    ForEachTile(grid_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) body(i);
    });
  }

  // A plane of pixels from one of samples.
  void Spread(const float* of_samples, float* of_pixels) const {
    const AlignedBuffer<std::uint32_t>& entry = result_.planes.entry;
    if (entry.empty())
      std::copy_n(of_samples, grid_.size(), of_pixels);
    else
      ForEachPixel([&](std::int64_t i) { of_pixels[i] = of_samples[entry[i]]; });
  }

  // convert(posterior) of every pixel and class; 0 where no data.
  template <typename Convert>
  void FillPlanes(const Convert& convert) {
    const std::int64_t size = samples().size();
    Floats of_samples(size * num_classes());
    VisitClassPosteriors(samples(), result_.model.mixture(), result_.model.merge.class_of,
                         [&](const PosteriorTile& tile) {
                           for (int k = 0; k < num_classes(); ++k) {
                             const float* const posteriors = tile.posteriors + k * tile.stride;
                             const float* const weights = samples().weights() + tile.first;
                             float* const to = of_samples.data() + k * size + tile.first;
                             for (std::int64_t i = 0; i < tile.count; ++i)
                               to[i] = weights[i] > 0 ? convert(posteriors[i]) : 0.0f;
                           }
                         });
    if (result_.planes.entry.empty()) {
      result_.smooth_posteriors = std::move(of_samples);
      return;
    }
    result_.smooth_posteriors.resize(grid_.size() * num_classes());
    for (int k = 0; k < num_classes(); ++k) Spread(of_samples.data() + k * size, planes().Plane(k));
  }

  void SmoothByGuide(const std::vector<const float*>& guide) {
    FillPlanes([](float p) { return p; });
    GuidedFilter(grid_, guide, has_data_.data(),
                 {.radius = options_.radius,
                  .epsilon = options_.epsilon,
                  .subsampling = options_.subsampling},
                 planes());
  }

  void SmoothByPotts(const std::vector<const float*>& guide) {
    const PairWeights weights = ContrastWeights(grid_, guide, has_data_.data());
    Smoothing& done = result_.smoothing;
    done.temper = options_.temper ? *options_.temper
                                  : EffectiveSamples(raster_, result_.planes) /
                                        static_cast<double>(result_.num_valid);
    done.beta = options_.beta ? *options_.beta
                              : EstimateBeta(grid_, weights, result_.labels, num_classes());
    const auto temper = static_cast<float>(done.temper);
    FillPlanes([temper](float p) { return temper * FastLog(std::max(p, kLeastPosterior)); });
    done.energies = MeanField(
        grid_, weights, has_data_.data(),
        {.beta = done.beta, .max_sweeps = options_.max_sweeps, .tolerance = options_.tolerance},
        planes());
  }

  Projection GuideAxes() const {
    const FeatureLayout& layout = result_.planes.layout;
    const int num_colors = layout.NumColors();
    double scale = 0;
    const std::string& unit = layout.info.front().unit;
    if (unit == "0..100") scale = 1 / 100.0;
    if (unit == "0..255") scale = 1 / 255.0;
    if (num_colors > kMostGuides || scale == 0 || std::getenv("RELATIVE"))
      return PrincipalComponents(samples(), num_colors, kMostGuides, kGuideDeviation);
    const Eigen::VectorXd scales = scale * samples().standardization().scale.head(num_colors);
    return {scales.asDiagonal(), Eigen::VectorXd::Zero(num_colors)};
  }

  // In plane units, the missing values as the others let expect them.
  Floats ColorOf(int d) const {
    if (!samples().has_missing())
      return {samples().Plane(d), samples().Plane(d) + samples().size()};
    Floats values = ImputedFeature(samples(), result_.model.mixture(), d);
    const Standardization& standardization = samples().standardization();
    for (float& value : values)
      value = static_cast<float>((value - standardization.offset[d]) / standardization.scale[d]);
    return values;
  }

  // Up to three planes of the colour features, about 0…1.
  std::vector<Floats> Guide() const {
    const Projection axes = GuideAxes();
    const auto num_guides = static_cast<int>(axes.rows.rows());
    std::vector<Floats> of_samples(num_guides, Floats(samples().size())), guide;
    for (int d = 0; d < axes.rows.cols(); ++d) {
      const Floats color = ColorOf(d);
      for (int c = 0; c < num_guides; ++c) {
        const auto factor = static_cast<float>(axes.rows(c, d));
        const auto center = static_cast<float>(axes.center[d]);
        if (factor == 0) continue;
        for (std::size_t i = 0; i < color.size(); ++i)
          of_samples[c][i] += factor * (color[i] - center);
      }
    }
    if (result_.planes.entry.empty()) return of_samples;
    for (const Floats& plane : of_samples)
      Spread(plane.data(), guide.emplace_back(grid_.size()).data());
    return guide;
  }

  void TakeMostProbable() {
    const ClassPlanes smooth = planes();
    ForEachTile(grid_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      Floats largest(count, -1.0f);
      for (int k = 0; k < num_classes(); ++k) {
        const float* const plane = smooth.Plane(k) + first;
        for (std::int64_t i = 0; i < count; ++i) {
          if (!(plane[i] > largest[i])) continue;
          largest[i] = plane[i];
          result_.labels[first + i] = static_cast<std::uint16_t>(k + 1);
        }
      }
      for (std::int64_t i = first; i < first + count; ++i)
        if (has_data_[i] == 0) result_.labels[i] = 0;
    });
  }

  const Raster& raster_;
  const SmoothOptions& options_;
  Segmentation& result_;
  Grid grid_;
  Floats has_data_;
};

}  // namespace

std::string_view ToString(SmoothMethod method) { return ToWord(method, kWords); }
SmoothMethod ParseSmoothMethod(std::string_view word) {
  return FromWord(word, kWords, "smoothing");
}

void Validate(const SmoothOptions& options) {
  if (options.beta && !(std::isfinite(*options.beta) && *options.beta > 0))
    throw ParameterError(Format("beta = %g; must be > 0", *options.beta));
  if (options.temper && !(*options.temper > 0 && *options.temper <= 1))
    throw ParameterError(Format("temper = %g; must be > 0 and at most 1", *options.temper));
  if (options.max_sweeps < 1)
    throw ParameterError(Format("max_sweeps = %d; must be >= 1", options.max_sweeps));
  if (!(options.tolerance >= 0))
    throw ParameterError(Format("tolerance = %g; must be >= 0", options.tolerance));
  if (options.radius < 1) throw ParameterError(Format("radius = %d; must be >= 1", options.radius));
  if (const int s = options.subsampling; (s != 1 && s != 2 && s != 4) || s > options.radius)
    throw ParameterError(Format("subsampling = %d; must be 1, 2 or 4, and at most the radius, %d",
                                s, options.radius));
  if (!(options.epsilon > 0))
    throw ParameterError(Format("epsilon = %g; must be > 0", options.epsilon));
  if (options.min_size < 0)
    throw ParameterError("min_size = " + std::to_string(options.min_size) + "; must be >= 0");
}

void SmoothClasses(const Raster& raster, const SmoothOptions& options, Segmentation& segmentation) {
  if (options.IsOff() || segmentation.num_valid == 0 || segmentation.classes.size() < 2) return;
  const Stopwatch watch;
  Smoother smoother(raster, options, segmentation);
  if (options.Smooths()) smoother.Smooth();
  if (options.min_size > 1) smoother.MovePieces();
  smoother.CountShares();
  segmentation.smoothing.seconds = watch.Seconds();
}

}  // namespace gmmseg
