#include "stream/fit_scene.h"

#include <gmmseg/errors.h>

#include <utility>

#include "base/ordered_pipeline.h"
#include "base/share.h"
#include "base/tree_sum.h"
#include "features/band_projection.h"
#include "features/effective_samples.h"
#include "features/samples_like.h"
#include "stream/parts_source.h"

namespace gmmseg {
namespace {

std::int64_t NumPixels(const Window& window) { return window.width * window.height; }

class SceneFitter {
 public:
  SceneFitter(CellReader& cells, const ScenePlan& plan, const SegmentOptions& options,
              int full_passes, const SceneObserver& observer)
      : cells_(cells),
        plan_(plan),
        spec_(plan.spec),
        options_(options),
        ranks_(options.fit.ranks),
        full_passes_(full_passes),
        observer_(observer) {}

  SceneFit Run() {
    if (LacksProjection(spec_)) FindProjection();
    FeaturePool pool(spec_, plan_.pool);
    bool fits = Gather(pool);
    const bool is_sample = !fits || plan_.pool.content == FeaturePool::Content::kSample;
    if (!fits) {
      pool = FeaturePool(spec_, plan_.fallback);
      Gather(pool);
    }
    fit_.exact = !is_sample;
    fit_.num_sampled = is_sample ? pool.num_sampled() : 0;
    if (is_sample && fit_.num_sampled == 0 && !pool.empty())
      throw MemoryError(
          "so few pixels have data that none is in the sample; give more memory, or "
          "the part of the raster that has data");
    if (!pool.empty()) Fit(pool, is_sample);
    return std::move(fit_);
  }

 private:
  struct Gathered {
    FeaturePool::Part part;
    double num_effective = 0;  // where K is to be chosen
  };

  // Of all pixels.
  void FindProjection() {
    TreeSum<BandMoments> moments;
    ForEachCell(
        [&](const Raster& raster, std::int64_t) {
          DescribeFeatures(raster, spec_);  // throws where they cannot be had
          return MomentsOfBands(raster, spec_.scale);
        },
        [&](std::int64_t cell, BandMoments& of_cell) {
          moments.Add(cell, std::move(of_cell));
          return Next::kGoOn;
        });
    if (ranks_ != nullptr) Unite(*ranks_, moments);
    spec_.projection = PrincipalBands(moments.Total(), spec_.num_principal);
  }

  // One reading, by all ranks together.
  template <typename Work, typename Finish>
  void ForEachCell(const Work& work, const Finish& finish) {
    std::int64_t pixels = 0;
    ++fit_.num_passes;
    const Share share = ShareOf(cells_.size(), ranks_);
    ForEachInOrder(
        share.size(), plan_.cells_at_a_time,
        [&](std::int64_t i) { return work(cells_.Read(share.first + i), share.first + i); },
        [&](std::int64_t i, auto& result) {
          const std::int64_t cell = share.first + i;
          if (observer_.pixels) observer_.pixels(pixels += NumPixels(cells_.At(cell)), false);
          return finish(cell, result);
        });
  }

  // False where the colours are more than memory holds.
  bool Gather(FeaturePool& pool) {
    bool fits = true;
    TreeSum<double> num_effective;
    ForEachCell(
        [&](const Raster& raster, std::int64_t cell) {
          Gathered gathered{pool.Extract(raster, static_cast<std::uint64_t>(cell))};
          if (NeedsEffectiveSamples(options_))
            gathered.num_effective = EffectiveSamples(raster, ComputeFeatures(raster, spec_));
          return gathered;
        },
        [&](std::int64_t cell, Gathered& gathered) {
          if (!fits) return Next::kStop;
          pool.Add(std::move(gathered.part), cell);
          num_effective.Add(cell, gathered.num_effective);
          fits = pool.FitsInto(plan_.pool_bytes);
          return fits ? Next::kGoOn : Next::kStop;
        });
    if (ranks_ != nullptr) {
      pool.Expect(cells_.ReadPixel());  // there may be fewer cells than ranks
      fits = pool.Unite(*ranks_, plan_.pool_bytes, fits);
      Unite(
          *ranks_, num_effective, [](ByteWriter& writer, double each) { writer.Put(each); },
          [](ByteReader& reader) { return reader.Next<double>(); });
    }
    num_effective_ = num_effective.Total();
    return fits;
  }

  void Fit(FeaturePool& pool, bool is_sample) {
    SegmentOptions segment = options_;
    segment.features = spec_;
    segment.fit.progress = observer_.fit;
    RefineFunction refine;
    if (is_sample && full_passes_ > 0)
      refine = [&](FitResult fit, const FeaturePlanes& sample) {
        return Refine(std::move(fit), sample);
      };
    fit_.model = FitModel(pool.Take(), segment, refine, num_effective_);
  }

  FitResult Refine(FitResult fit, const FeaturePlanes& sample) {
    std::int64_t pixels = 0;
    const Samples& like = sample.samples;
    const Parts cells{.count = cells_.size(),
                      .window = plan_.cells_at_a_time,
                      .samples =
                          [&](std::int64_t cell) {
                            return SamplesLike(cells_.Read(cell), sample.layout,
                                               like.standardization(), like.weight_unit());
                          },
                      .done =
                          [&](std::int64_t cell) {
                            if (cell == ShareOf(cells_.size(), ranks_).first) pixels = 0;
                            pixels += NumPixels(cells_.At(cell));
                            if (observer_.pixels) observer_.pixels(pixels, true);
                          },
                      .ranks = ranks_};
    RefinedFit refined = RefineOnParts(std::move(fit), cells, sample, options_, full_passes_, 0);
    fit_.num_passes += refined.num_looks;
    return std::move(refined.fit);
  }

  CellReader& cells_;
  const ScenePlan& plan_;
  FeatureSpec spec_;
  const SegmentOptions& options_;
  Ranks* ranks_;
  int full_passes_;
  const SceneObserver& observer_;
  double num_effective_ = 0;
  SceneFit fit_;
};

}  // namespace

SceneFit FitScene(CellReader& cells, const ScenePlan& plan, const SegmentOptions& options,
                  int full_passes, const SceneObserver& observer) {
  return SceneFitter(cells, plan, options, full_passes, observer).Run();
}

}  // namespace gmmseg
