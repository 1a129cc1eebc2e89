#include "batch/write_volumes.h"

#include <gmmseg/errors.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <vector>

#include "batch/bids_names.h"
#include "batch/label_pictures.h"
#include "io/label_tables.h"
#include "io/probability_steps.h"
#include "io/staged_file.h"
#include "io/volume_writer.h"
#include "render/painters.h"
#include "render/volume_cuts.h"

namespace gmmseg {
namespace {

class VolumeOutputs {
 public:
  VolumeOutputs(const boost::filesystem::path& folder, const std::string& stem,
                const Raster& raster, const Segmentation& segmentation, const Measures& measures,
                const OutputOptions& output)
      : folder_(folder),
        stem_(stem),
        raster_(raster),
        result_(segmentation),
        measures_(measures),
        output_(output),
        labels_(BidsLabels(segmentation.classes)) {}

  // File by file in parallel, those that take longest first.
  void Write() const {
    std::vector<std::function<void()>> files;
    const auto add = [&](Output kind, std::function<void()> write) {
      if (output_.outputs.contains(kind)) files.push_back(std::move(write));
    };
    if (num_classes() > 0) add(Output::kProbabilities, [this] { WriteProbabilities(); });
    add(Output::kImputed, [this] { WriteImputed(); });
    add(Output::kDensity, [this] { WriteOfSamples(Output::kDensity, result_.sample_log_density); });
    add(Output::kOutliers,
        [this] { WriteOfSamples(Output::kOutliers, measures_.anomalies.sample_tails); });
    if (result_.tissues) {
      add(Output::kBias, [this] { WriteBias(); });
      add(Output::kRestored, [this] { WriteRestored(); });
    }
    add(Output::kUncertainty, [this] { WriteUncertainty(); });
    add(Output::kInstability, [this] { WriteInstability(); });
    add(Output::kLabels, [this] { WriteLabels(); });
    if (!IsBids()) add(Output::kLabels, [this] { WriteLabelTables(); });
    if (raster_.volume()) add(Output::kVolumes, [this] { WriteVolumeTable(); });
    add(Output::kAnomalies, [this] { WriteAnomalies(); });
    for (int k = 1; k <= num_classes(); ++k) add(Output::kMasks, [this, k] { WriteMask(k); });
    add(Output::kOverlay, [this] { WriteOverlays(); });
    tbb::parallel_for(std::size_t{0}, files.size(), [&](std::size_t f) { files[f](); });
  }

 private:
  int num_classes() const { return static_cast<int>(result_.classes.size()); }
  bool IsBids() const { return output_.naming == Naming::kBids; }
  bool HasData(std::int64_t voxel) const { return result_.labels[voxel] != 0; }

  VolumeFormat FormatOf(SampleType type, VolumeIntent intent, int num_volumes = 1) const {
    VolumeFormat format;
    format.width = result_.width;
    format.height = result_.height;
    format.depth = result_.depth;
    format.num_volumes = num_volumes;
    format.type = type;
    format.intent = intent;
    if (raster_.volume()) format.geometry = *raster_.volume();
    return format;
  }

  std::string PathOf(Output kind, int k = 0) const {
    const std::string name = IsBids() && k > 0
                                 ? BidsClassName(stem_, kind, labels_[k - 1])
                                 : OutputName(stem_, kind, VolumeKind(output_.naming), k);
    return (folder_ / name).string();
  }

  // value(voxel) of every voxel.
  template <typename T, typename Value>
  void WriteValues(VolumeWriter& volume, const Value& value) const {
    constexpr std::int64_t kRun = 1 << 16;
    std::vector<T> values(kRun);
    for (std::int64_t first = 0; first < result_.num_pixels(); first += kRun) {
      const std::int64_t count = std::min(kRun, result_.num_pixels() - first);
      for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(value(first + i));
      volume.Write(count, values.data());
    }
  }

  template <typename T, typename Value>
  void WriteFile(Output kind, int k, const VolumeFormat& format, const Value& value) const {
    VolumeWriter volume(PathOf(kind, k), format);
    WriteValues<T>(volume, value);
    volume.Close();
  }

  void WriteLabels() const {
    const auto label = [&](std::int64_t i) { return result_.labels[i]; };
    if (num_classes() > std::numeric_limits<std::uint8_t>::max())
      WriteFile<std::uint16_t>(Output::kLabels, 0,
                               FormatOf(SampleType::kUint16, VolumeIntent::kLabels), label);
    else
      WriteFile<std::uint8_t>(Output::kLabels, 0,
                              FormatOf(SampleType::kUint8, VolumeIntent::kLabels), label);
  }

  void WriteLabelTables() const {
    const LabelTableNames names = LabelTableNamesOf(stem_);
    WriteStagedFile((folder_ / names.itk_snap).string(), ItkSnapLabels(result_.classes));
    WriteStagedFile((folder_ / names.slicer).string(), SlicerColors(result_.classes));
  }

  void WriteVolumeTable() const {
    WriteStagedFile(PathOf(Output::kVolumes), VolumesCsv(result_.classes, measures_.volumes));
  }

  void WriteMask(int k) const {
    WriteFile<std::uint8_t>(Output::kMasks, k, FormatOf(SampleType::kUint8, VolumeIntent::kLabels),
                            [&](std::int64_t i) { return result_.labels[i] == k; });
  }

  void WriteAnomalies() const {
    const std::vector<AnomalyMark>& marks = measures_.anomalies.sample_marks;
    WriteFile<std::uint8_t>(
        Output::kAnomalies, 0, FormatOf(SampleType::kUint8, VolumeIntent::kLabels),
        [&](std::int64_t i) { return static_cast<int>(marks[result_.planes.SampleOf(i)]); });
  }

  // 0 where there is no data.
  template <typename Value>
  void WriteShares(Output kind, const Value& value) const {
    WriteFile<float>(kind, 0, FormatOf(SampleType::kFloat32, VolumeIntent::kNone),
                     [&](std::int64_t i) { return HasData(i) ? value(i) : 0.0f; });
  }

  void WriteUncertainty() const {
    const std::vector<float> uncertainty = result_.Uncertainty();
    WriteShares(Output::kUncertainty,
                [&](std::int64_t i) { return uncertainty[result_.PlaceOf(i)]; });
  }

  // 1 outside of the foreground, which tells nothing of it.
  void WriteBias() const {
    WriteFile<float>(Output::kBias, 0, FormatOf(SampleType::kFloat32, VolumeIntent::kNone),
                     [&](std::int64_t i) { return HasData(i) ? result_.tissues->bias[i] : 1.0f; });
  }

  void WriteRestored() const {
    raster_.VisitBand(0, [&](const auto* values) {
      WriteShares(Output::kRestored, [&](std::int64_t i) {
        return result_.tissues->Restored(static_cast<float>(values[i]), i);
      });
    });
  }

  void WriteInstability() const {
    const std::vector<float>& of_samples = measures_.instability.of_samples;
    WriteShares(Output::kInstability,
                [&](std::int64_t i) { return of_samples[result_.planes.SampleOf(i)]; });
  }

  void WriteOfSamples(Output kind, const std::vector<float>& of_samples) const {
    WriteFile<float>(kind, 0, FormatOf(SampleType::kFloat32, VolumeIntent::kEstimate),
                     [&](std::int64_t i) {
                       return HasData(i) ? of_samples[result_.planes.SampleOf(i)]
                                         : std::numeric_limits<float>::quiet_NaN();
                     });
  }

  void WriteImputed() const {
    VolumeWriter volume(PathOf(Output::kImputed),
                        FormatOf(SampleType::kFloat32, VolumeIntent::kNone, raster_.num_bands()));
    for (int b = 0; b < raster_.num_bands(); ++b) {
      const PixelValues value = ImputedValue(raster_, result_, b);
      WriteValues<float>(volume, [&](std::int64_t i) {
        return HasData(i) ? value(i) : std::numeric_limits<float>::quiet_NaN();
      });
    }
    volume.Close();
  }

  // As integers they are in steps, which the header's slope says.
  VolumeFormat ProbabilityFormat(int num_volumes) const {
    VolumeFormat format = FormatOf(SampleType::kFloat32, VolumeIntent::kEstimate, num_volumes);
    if (output_.depth == ProbabilityDepth::kFloat32) return format;
    format.type = StepsOf(output_.depth).type;
    format.slope = 1 / StepsOf(output_.depth).steps;
    return format;
  }

  void WriteProbabilities() const {
    if (IsBids()) {
      const VolumeFormat format = ProbabilityFormat(1);
      return ForEachClass([&](int k, const std::vector<float>& plane) {
        VolumeWriter volume(PathOf(Output::kProbabilities, k), format);
        WriteProbability(volume, plane);
        volume.Close();
      });
    }
    VolumeWriter volume(PathOf(Output::kProbabilities), ProbabilityFormat(num_classes()));
    ForEachClass([&](int, const std::vector<float>& plane) { WriteProbability(volume, plane); });
    volume.Close();
  }

  // visit(class, its posteriors), of as many at a time as memory allows.
  template <typename Visit>
  void ForEachClass(const Visit& visit) const {
    const int most =
        ClassesAtATime(result_.num_pixels() * std::int64_t{sizeof(float)}, num_classes());
    for (int first = 1; first <= num_classes(); first += most) {
      const std::vector<std::vector<float>> planes =
          result_.Posteriors(first, std::min(most, num_classes() - first + 1));
      for (int k = first; const std::vector<float>& plane : planes) visit(k++, plane);
    }
  }

  void WriteProbability(VolumeWriter& volume, const std::vector<float>& plane) const {
    const auto value = [&](std::int64_t i) { return HasData(i) ? plane[i] : 0.0f; };
    const auto steps = [&](std::int64_t i) {
      return std::lround(value(i) * StepsOf(output_.depth).steps);
    };
    switch (output_.depth) {
      case ProbabilityDepth::kUint8:
        return WriteValues<std::uint8_t>(volume, steps);
      case ProbabilityDepth::kUint16:
        return WriteValues<std::uint16_t>(volume, steps);
      case ProbabilityDepth::kFloat32:
        return WriteValues<float>(volume, value);
    }
  }

  // A volume of one slice is drawn as its file has it.
  void WriteOverlays() const {
    if (result_.depth == 1) {
      const LabelView view{{result_.width, result_.height}, result_.labels, result_.classes};
      return WritePictures(std::vector{
          OverlayPicture(PathOf(Output::kOverlay), view, raster_, output_.display_window)});
    }
    const DisplayPainter painter(raster_, output_.display_window);
    if (output_.slices.empty()) {
      const LabelBox box = LabelBoxOf(raster_, result_.labels);
      const std::int64_t middle = box.Middle(SliceAxis(raster_, CutPlane::kAxial));
      return WriteSlice(PathOf(Output::kOverlay), middle, painter);
    }
    for (const std::int64_t slice : std::set(output_.slices.begin(), output_.slices.end()))
      WriteSlice((folder_ / SliceOverlayName(stem_, slice)).string(), slice - 1, painter);
  }

  // From 0.
  void WriteSlice(const std::string& path, std::int64_t slice,
                  const DisplayPainter& painter) const {
    const VolumeCut cut(raster_, CutPlane::kAxial, slice, FinestPixel(raster_, CutPlane::kAxial));
    const CutPicture picture = PaintCut(cut, painter, result_.labels, result_.classes);
    WritePictures(std::vector{PixelPicture(
        path, {picture.width, picture.height}, PixelKind::kRgb8, {},
        [&](std::int64_t first, std::int64_t count, std::uint8_t* bytes) {
          std::copy_n(picture.pixels.begin() + first, count, reinterpret_cast<Rgb*>(bytes));
        })});
  }

  const boost::filesystem::path& folder_;
  const std::string& stem_;
  const Raster& raster_;
  const Segmentation& result_;
  const Measures& measures_;
  const OutputOptions& output_;
  std::vector<std::string> labels_;  // by class, as BIDS has them
};

}  // namespace

OutputKind VolumeKind(Naming naming) {
  return naming == Naming::kBids ? OutputKind::kBidsVolume : OutputKind::kVolume;
}

bool IsVolume(const Raster& raster) {
  return raster.depth() > 1 || (raster.volume() && !raster.volume()->nifti_header.empty());
}

void CheckSlices(const Raster& raster, const std::vector<std::int64_t>& slices) {
  if (raster.depth() == 1) return;
  const std::int64_t most = CountSlices(raster, CutPlane::kAxial);
  for (const std::int64_t slice : slices)
    if (slice > most)
      throw ParameterError("slice " + std::to_string(slice) + ": the volume has " +
                           std::to_string(most) + " axial slices; give numbers from 1 to " +
                           std::to_string(most));
}

void WriteVolumes(const boost::filesystem::path& folder, const std::string& stem,
                  const Raster& raster, const Segmentation& segmentation, const Measures& measures,
                  const OutputOptions& output) {
  VolumeOutputs(folder, stem, raster, segmentation, measures, output).Write();
}

}  // namespace gmmseg
