#include "batch/label_scene.h"

#include <gmmseg/drift.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "base/byte_text.h"
#include "base/ordered_pipeline.h"
#include "base/share.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "batch/fit_outputs.h"
#include "batch/job_settings.h"
#include "batch/label_scratch.h"
#include "batch/scene_maps.h"
#include "segment/potts_strength.h"
#include "segment/restrict.h"
#include "segment/smooth.h"
#include "spatial/pieces.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kLabelBytes = sizeof(std::uint16_t);
static_assert(std::is_trivially_copyable_v<SceneTally>);

// What a window was found to be.
struct LabelledWindow {
  Raster raster;
  Segmentation result;
  Measures measures;
};

// The labels of a cell and its margin, when small pieces are gone.
struct FinalLabels {
  Segmentation result;
  MovedPieces moved;
};

Window Within(const Window& core, const Window& seen) {
  return {core.x - seen.x, core.y - seen.y, core.width, core.height};
}

class SceneLabeller {
 public:
  SceneLabeller(CellReader& cells, const ScenePlan& plan, const Model& model,
                const SmoothOptions& smooth, const JobFrame& frame,
                const boost::filesystem::path& folder, SceneJournal& journal)
      : cells_(cells),
        plan_(plan),
        model_(model),
        smooth_(smooth),
        frame_(frame),
        folder_(folder),
        journal_(journal) {
    sums_.pixels.resize(model.classes.size());
    sums_.tally.anomalies.rate = frame.output.anomaly_rate;
    if (model.classes.size() < 2) smooth_ = {};  // nothing to choose from
    margin_ = SmoothReach(smooth_);
  }

  SceneSums Run() {
    BeginLabelling();
    SetSmoothing();
    if (smooth_.min_size > 1)
      LabelWithoutSmallPieces();
    else
      LabelInto(PossibleOutputs(), nullptr);
    if (frame_.ranks != nullptr) UniteSums(*frame_.ranks);
    return std::move(sums_);
  }

 private:
  OutputSet PossibleOutputs() const {
    const OutputSet& asked = frame_.output.outputs;
    if (!model_.classes.empty()) return asked;
    return asked.contains(Output::kLabels) ? OutputSet{Output::kLabels} : OutputSet{};
  }

  void Report(JobStage stage, std::int64_t cell, std::int64_t& pixels) const {
    const Window window = cells_.At(cell);
    frame_.Report({.stage = stage,
                   .pixels_done = pixels += window.width * window.height,
                   .num_pixels = cells_.info().width * cells_.info().height});
  }

  // Everything that decides what is written of a cell, but for the image.
  std::string Key() const {
    FolderOptions options;
    options.source = ModelSource::kGiven;
    options.output = frame_.output;
    options.segment.smooth = smooth_;
    return SettingsHash(options, HashOf(model_));
  }

  // With the strengths that an earlier run found, if there is one that got so far.
  void BeginLabelling() {
    const std::string key = Key();
    if (const auto kept = journal_.Take(SceneJournal::Kind::kLabelling, key)) {
      if (NeedsPottsStrength(smooth_)) SetStrength(*kept);
      return;
    }
    const bool finds = NeedsPottsStrength(smooth_);
    if (finds) FindStrength();
    journal_.Put(SceneJournal::Kind::kLabelling, key, finds ? StrengthText() : "");
  }

  std::string StrengthText() const {
    return Format("%a %a %a", *smooth_.beta, *smooth_.temper, *smooth_.contrast);
  }

  void SetStrength(const std::string& text) {
    double beta = 0, temper = 0, contrast = 0;
    if (std::sscanf(text.c_str(), "%la %la %la", &beta, &temper, &contrast) != 3)
      throw InternalError("strengths that were kept are none: " + text);
    smooth_.beta = beta;
    smooth_.temper = temper;
    smooth_.contrast = contrast;
  }

  // Of all pixels, before any is smoothed.
  void FindStrength() {
    ++sums_.num_passes;
    PottsStrength strength(smooth_, static_cast<int>(model_.classes.size()));
    std::int64_t pixels = 0;
    const Share share = ShareOf(cells_.size(), frame_.ranks);
    ForEachInOrder(
        share.size(), plan_.cells_at_a_time,
        [&](std::int64_t i) {
          const std::int64_t cell = share.first + i;
          const Raster raster = cells_.Read(cell);
          return strength.Look(raster, Apply(raster, model_), static_cast<std::uint64_t>(cell));
        },
        [&](std::int64_t i, PottsStrength::Part& part) {
          strength.Add(std::move(part), share.first + i);
          Report(JobStage::kSmoothing, share.first + i, pixels);
          return Next::kGoOn;
        });
    if (frame_.ranks != nullptr) strength.Unite(*frame_.ranks);
    smooth_ = strength.Settle();
  }

  void SetSmoothing() {
    Smoothing& done = sums_.smoothing;
    if (!smooth_.Smooths()) return;
    done.method =
        smooth_.method == SmoothMethod::kPotts ? SmoothMethod::kPotts : SmoothMethod::kGuided;
    if (done.method == SmoothMethod::kGuided) return;
    smooth_.tolerance = 0;  // every window takes all sweeps
    done.beta = *smooth_.beta;
    done.temper = *smooth_.temper;
    done.contrast = *smooth_.contrast;
    done.num_sweeps = smooth_.max_sweeps;
  }

  OutputOptions OptionsOf(const OutputSet& outputs) const {
    OutputOptions options = frame_.output;
    options.outputs = outputs;
    return options;
  }

  MapSubject Subject() const {
    const RasterInfo& info = cells_.info();
    return {info.width, info.height, info.num_bands, info.georeference, model_};
  }

  // Every cell's maps; labels to the scratch, too, if there is one.
  void LabelInto(const OutputSet& outputs, LabelScratch* scratch) {
    const OutputOptions options = OptionsOf(outputs);
    SceneMaps maps(
        folder_, frame_.stem(), Subject(), options, cells_, frame_.ranks,
        [this](const void* values, std::int64_t bytes) { journal_.Write(values, bytes); });
    const std::vector<std::int64_t>& own = maps.cells();
    std::int64_t pixels = 0;
    if (IsKept(frame_)) sums_.num_resumed = WriteKept(maps, scratch, pixels);
    const std::int64_t first = sums_.num_resumed;
    if (first < cells_.size()) ++sums_.num_passes;
    ForEachInOrder(
        std::ssize(own) - first, plan_.windows_at_a_time,
        [&](std::int64_t i) { return LabelCell(own[first + i]); },
        [&](std::int64_t i, const LabelledWindow& labelled) {
          const std::int64_t cell = own[first + i];
          const MapPart part{cells_.At(cell, margin_), cells_.At(cell), labelled.raster,
                             labelled.result, labelled.measures};
          if (IsKept(frame_)) journal_.BeginCell(KeptBytes(cell, maps, scratch));
          maps.Write(cell, part);
          const std::vector<std::uint16_t> labels = CoreLabels(part);
          if (scratch)
            scratch->Write(cell, labels);
          else
            CountLabels(labels);
          Add(labelled);
          if (IsKept(frame_))
            KeepSums(scratch ? std::span(labels) : std::span<const std::uint16_t>());
          Report(JobStage::kLabelling, cell, pixels);
          return Next::kGoOn;
        });
    frame_.Report({.stage = JobStage::kWriting});
    maps.Close();
  }

  void KeepSums(std::span<const std::uint16_t> labels) {
    journal_.Write(labels.data(), std::ssize(labels) * kLabelBytes);
    journal_.Write(sums_.pixels.data(), CountBytes());
    journal_.Write(&sums_.tally, sizeof sums_.tally);
    journal_.EndCell();
  }

  std::int64_t CountBytes() const {
    return std::ssize(sums_.pixels) * std::int64_t{sizeof(std::int64_t)};
  }

  // In the journal: the maps' values, labels of the scratch, and the sums so far.
  std::int64_t KeptBytes(std::int64_t cell, const SceneMaps& maps,
                         const LabelScratch* scratch) const {
    const Window core = cells_.At(cell);
    const std::int64_t per_pixel = maps.KeptBytesPerPixel() + (scratch ? kLabelBytes : 0);
    return core.width * core.height * per_pixel + CountBytes() + std::int64_t{sizeof sums_.tally};
  }

  // The cells that an earlier run finished; returns how many.
  std::int64_t WriteKept(SceneMaps& maps, LabelScratch* scratch, std::int64_t& pixels) {
    const auto fetch = [this](void* values, std::int64_t bytes) { journal_.Read(values, bytes); };
    std::int64_t cell = 0;
    for (; cell < cells_.size() && journal_.TakeCell(KeptBytes(cell, maps, scratch)); ++cell) {
      const Window core = cells_.At(cell);
      maps.WriteKept(core, fetch);
      if (scratch) {
        std::vector<std::uint16_t> labels(core.width * core.height);
        fetch(labels.data(), std::ssize(labels) * kLabelBytes);
        scratch->Write(cell, labels);
      }
      fetch(sums_.pixels.data(), CountBytes());
      fetch(&sums_.tally, sizeof sums_.tally);
      Report(JobStage::kLabelling, cell, pixels);
    }
    return cell;
  }

  LabelledWindow LabelCell(std::int64_t cell) const {
    LabelledWindow labelled{cells_.Read(cell, margin_), {}, {}};
    Segmentation& result = labelled.result;
    if (model_.classes.empty()) {
      result.labels.resize(labelled.raster.num_pixels());
      return labelled;
    }
    SmoothOptions smooth = smooth_;
    smooth.min_size = 0;  // pieces may go on beyond the window
    result = Apply(labelled.raster, model_, smooth);
    if (margin_ > 0) RestrictTo(Within(cells_.At(cell), cells_.At(cell, margin_)), result);
    if (NeedsAnomalies(frame_.output.outputs))
      labelled.measures.anomalies = FindAnomalies(result, frame_.output.anomaly_rate);
    return labelled;
  }

  void LabelWithoutSmallPieces() {
    if (smooth_.min_size > kMostPieceMargin + 1 && cells_.size() > 1)
      sums_.cut_margin = kMostPieceMargin;
    LabelScratch scratch(folder_, cells_, frame_.ranks);
    OutputSet others = PossibleOutputs();
    const bool wants_labels = others.erase(Output::kLabels) > 0;
    LabelInto(others, &scratch);
    scratch.Settle();
    const Stopwatch watch;
    const OutputOptions options =
        OptionsOf(wants_labels ? OutputSet{Output::kLabels} : OutputSet{});
    SceneMaps maps(folder_, frame_.stem(), Subject(), options, cells_, frame_.ranks, {});
    const std::vector<std::int64_t>& own = maps.cells();
    const Raster no_raster;
    const Measures no_measures;
    std::int64_t pixels = 0;
    ForEachInOrder(
        std::ssize(own), plan_.piece_windows_at_a_time,
        [&](std::int64_t i) { return WithoutSmallPieces(own[i], scratch); },
        [&](std::int64_t i, const FinalLabels& final) {
          const std::int64_t cell = own[i];
          const MapPart part{cells_.At(cell, PieceMargin(smooth_.min_size)), cells_.At(cell),
                             no_raster, final.result, no_measures};
          maps.Write(cell, part);
          CountLabels(CoreLabels(part));
          sums_.smoothing.pieces_moved += final.moved.pieces;
          sums_.smoothing.pixels_moved += final.moved.pixels;
          Report(JobStage::kSmoothing, cell, pixels);
          return Next::kGoOn;
        });
    maps.Close();
    sums_.smoothing.seconds = watch.Seconds();
  }

  FinalLabels WithoutSmallPieces(std::int64_t cell, const LabelScratch& scratch) const {
    const RasterInfo& info = cells_.info();
    const Window seen = cells_.At(cell, PieceMargin(smooth_.min_size)), core = cells_.At(cell);
    FinalLabels final;
    final.result.labels = scratch.Read(seen);
    final.moved =
        AbsorbSmallPieces({seen.width, seen.height}, smooth_.min_size, final.result.labels,
                          {.left = seen.x > 0,
                           .top = seen.y > 0,
                           .right = seen.x + seen.width < info.width,
                           .bottom = seen.y + seen.height < info.height},
                          Within(core, seen));
    return final;
  }

  void CountLabels(const std::vector<std::uint16_t>& labels) {
    for (const std::uint16_t label : labels)
      if (label > 0) ++sums_.pixels[label - 1];
  }

  void Add(const LabelledWindow& labelled) {
    const Segmentation& cell = labelled.result;
    const auto num_valid = static_cast<double>(cell.num_valid);
    SceneTally tally{.num_valid = cell.num_valid,
                     .log_likelihood = ExactSum(cell.log_likelihood * num_valid),
                     .anomalies = labelled.measures.anomalies.counts,
                     .num_unlikely = {},
                     .tells_drift = false};
    if (const std::optional<Drift> drift = MeasureDrift(cell, model_)) {
      tally.num_unlikely += drift->unlikely_pixels * num_valid;
      tally.tells_drift = true;
    }
    sums_.tally += tally;
  }

  // Of all ranks.
  void UniteSums(Ranks& ranks) {
    const auto bytes = [&] {
      ByteWriter writer;
      writer.Put(sums_.tally);
      writer.Put(sums_.pixels);
      writer.Put(sums_.smoothing.pieces_moved);
      writer.Put(sums_.smoothing.pixels_moved);
      return writer.Take();
    };
    const auto join = [&](const std::string& others) {
      ByteReader reader(others);
      sums_.tally += reader.Next<SceneTally>();
      const auto pixels = reader.Next<std::vector<std::int64_t>>();
      std::ranges::transform(sums_.pixels, pixels, sums_.pixels.begin(), std::plus<>());
      sums_.smoothing.pieces_moved += reader.Next<std::int64_t>();
      sums_.smoothing.pixels_moved += reader.Next<std::int64_t>();
    };
    const auto take = [&](const std::string& all) {
      sums_.tally = {};
      sums_.tally.anomalies.rate = frame_.output.anomaly_rate;
      std::ranges::fill(sums_.pixels, 0);
      sums_.smoothing.pieces_moved = sums_.smoothing.pixels_moved = 0;
      join(all);
    };
    Unite(ranks, bytes, join, take);
  }

  CellReader& cells_;
  const ScenePlan& plan_;
  const Model& model_;
  SmoothOptions smooth_;
  const JobFrame& frame_;
  const boost::filesystem::path& folder_;
  SceneJournal& journal_;
  std::int64_t margin_ = 0;
  SceneSums sums_;
};

}  // namespace

bool IsKept(const JobFrame& frame) {
  return frame.ranks == nullptr && frame.output.map_files == MapFiles::kOne;
}

SceneTally& SceneTally::operator+=(const SceneTally& other) {
  num_valid += other.num_valid;
  log_likelihood += other.log_likelihood;
  if (other.anomalies.log_density_threshold)
    anomalies.log_density_threshold = other.anomalies.log_density_threshold;
  anomalies.num_unlikely += other.anomalies.num_unlikely;
  anomalies.num_outliers += other.anomalies.num_outliers;
  anomalies.num_both += other.anomalies.num_both;
  num_unlikely += other.num_unlikely;
  tells_drift = tells_drift || other.tells_drift;
  return *this;
}

SceneOutputs OutputsPerPixel(const OutputSet& outputs, const SmoothOptions& smooth, int num_classes,
                             int num_bands) {
  SceneOutputs per_pixel;
  per_pixel.bytes_per_pixel = 0;
  per_pixel.margin = SmoothReach(smooth);
  if (smooth.min_size > 1) per_pixel.piece_margin = PieceMargin(smooth.min_size);
  if (smooth.Smooths()) per_pixel.num_planes += 2 * num_classes + 7;  // see SmoothClasses
  const auto add = [&](Output kind, int planes, std::int64_t bytes) {
    if (!outputs.contains(kind)) return;
    per_pixel.num_planes += planes;
    per_pixel.bytes_per_pixel += bytes;
  };
  add(Output::kLabels, 0, 2);
  add(Output::kUncertainty, 1, 1);
  add(Output::kProbabilities, num_classes, 4 * num_classes);
  add(Output::kDensity, 1, 4);
  add(Output::kAnomalies, 2, 1);
  add(Output::kOutliers, 2, 4);
  add(Output::kImputed, num_bands, 4 * num_bands);
  return per_pixel;
}

SceneSums LabelScene(CellReader& cells, const ScenePlan& plan, const Model& model,
                     const SmoothOptions& smooth, const JobFrame& frame,
                     const boost::filesystem::path& folder, SceneJournal& journal) {
  return SceneLabeller(cells, plan, model, smooth, frame, folder, journal).Run();
}

}  // namespace gmmseg
