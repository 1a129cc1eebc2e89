#include "segment/smooth.h"

#include <gmmseg/component_merge.h>
#include <gmmseg/errors.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/fast_math.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "base/words.h"
#include "features/effective_samples.h"
#include "segment/guide.h"
#include "segment/pixel_posteriors.h"
#include "spatial/guided_filter.h"
#include "spatial/mean_field.h"
#include "spatial/pieces.h"

namespace gmmseg {
namespace {

constexpr Word<SmoothMethod> kWords[] = {{SmoothMethod::kOff, "off"},
                                         {SmoothMethod::kAuto, "auto"},
                                         {SmoothMethod::kGuided, "guided"},
                                         {SmoothMethod::kPotts, "potts"}};
constexpr float kLeastPosterior = 1e-30f;

using Floats = AlignedBuffer<float>;

class GuidedPosteriors : public SmoothPosteriors {
 public:
  GuidedPosteriors(Guide guide, const SmoothOptions& options, int num_classes,
                   const ClassSource& source)
      : guide_(std::move(guide)),
        classes_(FitToGuide(guide_.grid, guide_.planes, guide_.has_data.data(),
                            {.radius = options.radius,
                             .epsilon = options.epsilon,
                             .subsampling = options.subsampling},
                            num_classes, source)) {}

  void Evaluate(std::int64_t first, std::int64_t count, float* values,
                std::int64_t stride) const override {
    classes_->Evaluate(first, count, values, stride);
  }

 private:
  Guide guide_;
  std::unique_ptr<const GuidedClasses> classes_;
};

class Smoother {
 public:
  Smoother(const Raster& raster, const SmoothOptions& options, Segmentation& result)
      : raster_(raster), options_(options), result_(result), grid_(GridOf(result)) {}

  void Smooth() {
    const bool potts = options_.method == SmoothMethod::kPotts;
    result_.smoothing.method = potts ? SmoothMethod::kPotts : SmoothMethod::kGuided;
    if (potts)
      SmoothByPotts(MakeGuide(result_));
    else
      SmoothByGuide(MakeGuide(result_));
    TakeMostProbable(result_);
  }

  void MovePieces() {
    const MovedPieces moved = AbsorbSmallPieces(grid_, options_.min_size, result_.labels);
    result_.smoothing.pieces_moved = moved.pieces;
    result_.smoothing.pixels_moved = moved.pixels;
  }

 private:
  const Samples& samples() const { return result_.planes.samples; }
  int num_classes() const { return static_cast<int>(result_.classes.size()); }
  const std::vector<int>& class_of() const { return result_.model.merge.class_of; }

  // convert(posterior) of every pixel and class, class by class; 0 where no data.
  template <typename Convert>
  Floats PlanesOf(const Convert& convert) const {
    const std::int64_t size = samples().size();
    Floats of_samples(size * num_classes());
    VisitClassPosteriors(samples(), result_.model.mixture(), class_of(),
                         [&](const PosteriorTile& tile) {
                           for (int k = 0; k < num_classes(); ++k) {
                             const float* const posteriors = tile.posteriors + k * tile.stride;
                             const float* const weights = samples().weights() + tile.first;
                             float* const to = of_samples.data() + k * size + tile.first;
                             for (std::int64_t i = 0; i < tile.count; ++i)
                               to[i] = weights[i] > 0 ? convert(posteriors[i]) : 0.0f;
                           }
                         });
    if (result_.planes.entry.empty()) return of_samples;
    Floats of_pixels(grid_.size() * num_classes());
    for (int k = 0; k < num_classes(); ++k)
      SpreadToPixels(result_.planes, of_samples.data() + k * size,
                     of_pixels.data() + k * grid_.size());
    return of_pixels;
  }

  ClassSource SourceOfSamples() const {
    return [this, runs = RunsOfPosteriors(samples(), result_.model.mixture())](
               std::int64_t first, std::int64_t count, const auto& visit) {
      runs(first, count, OfClasses(class_of(), [&](const PosteriorTile& tile) {
             visit({tile.first, tile.count, tile.posteriors, tile.stride});
           }));
    };
  }

  // Of pixels that look their samples up.
  ClassSource SourceOfEntries() const {
    const std::int64_t kRun = 1024;
    const auto of_samples = std::make_shared<Floats>(samples().size() * num_classes());
    VisitClassPosteriors(samples(), result_.model.mixture(), class_of(),
                         [&](const PosteriorTile& tile) {
                           float* to = of_samples->data() + tile.first * num_classes();
                           for (std::int64_t i = 0; i < tile.count; ++i)
                             for (int k = 0; k < num_classes(); ++k) *to++ = tile.Posterior(k, i);
                         });
    const auto buffers =
        std::make_shared<tbb::enumerable_thread_specific<Floats>>(kRun * num_classes());
    return [this, of_samples, buffers, kRun](std::int64_t first, std::int64_t count,
                                             const auto& visit) {
      float* const values = buffers->local().data();
      for (std::int64_t at = first; at < first + count; at += kRun) {
        const std::int64_t run = std::min(kRun, first + count - at);
        for (std::int64_t i = 0; i < run; ++i) {
          const float* from = of_samples->data() + result_.planes.entry[at + i] * num_classes();
          for (int k = 0; k < num_classes(); ++k) values[k * kRun + i] = *from++;
        }
        visit({at, run, values, kRun});
      }
    };
  }

  void SmoothByGuide(Guide guide) {
    const bool is_of_pixels = result_.planes.entry.empty();
    result_.smooth_posteriors =
        std::make_unique<GuidedPosteriors>(std::move(guide), options_, num_classes(),
                                           is_of_pixels ? SourceOfSamples() : SourceOfEntries());
  }

  void SmoothByPotts(const Guide& guide) {
    SquaredSteps steps = MeasureSteps(grid_, guide.planes, guide.has_data.data());
    Smoothing& done = result_.smoothing;
    done.contrast = options_.contrast ? *options_.contrast : steps.Mean();
    done.temper = options_.temper ? *options_.temper
                                  : EffectiveSamples(raster_, result_.planes) /
                                        static_cast<double>(result_.num_valid);
    done.beta = options_.beta ? *options_.beta
                              : EstimateBeta(SamplePairs(grid_, steps, result_.labels),
                                             done.contrast, num_classes());
    const PairWeights weights = ContrastWeights(std::move(steps), done.contrast);
    const auto temper = static_cast<float>(done.temper);
    Floats planes =
        PlanesOf([temper](float p) { return temper * FastLog(std::max(p, kLeastPosterior)); });
    done.energies = MeanField(
        grid_, weights, guide.has_data.data(),
        {.beta = done.beta, .max_sweeps = options_.max_sweeps, .tolerance = options_.tolerance},
        {planes.data(), grid_.size(), num_classes()});
    done.num_sweeps = static_cast<int>(done.energies.size()) - 1;
    result_.smooth_posteriors = std::make_unique<PosteriorPlanes>(std::move(planes), num_classes());
  }

  const Raster& raster_;
  const SmoothOptions& options_;
  Segmentation& result_;
  Grid grid_;
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
  if (options.contrast && !(std::isfinite(*options.contrast) && *options.contrast >= 0))
    throw ParameterError(Format("contrast = %g; must be >= 0", *options.contrast));
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

std::int64_t SmoothReach(const SmoothOptions& options) {
  constexpr std::int64_t kBlocks = 4;  // no subsampling is coarser
  if (!options.Smooths()) return 0;
  const std::int64_t side = options.subsampling, radius = options.radius / side;
  const std::int64_t reach = options.method == SmoothMethod::kPotts
                                 ? 2 * std::int64_t{options.max_sweeps}
                                 : (2 * radius + 1) * side + side / 2 - 1;
  return (reach + kBlocks - 1) / kBlocks * kBlocks;
}

void SmoothClasses(const Raster& raster, const SmoothOptions& options, Segmentation& segmentation) {
  if (options.IsOff() || segmentation.num_valid == 0 || segmentation.classes.size() < 2) return;
  const Stopwatch watch;
  Smoother smoother(raster, options, segmentation);
  if (options.Smooths()) smoother.Smooth();
  if (options.min_size > 1) smoother.MovePieces();
  CountShares(segmentation);
  segmentation.smoothing.seconds = watch.Seconds();
}

}  // namespace gmmseg
