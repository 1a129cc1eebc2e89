#include "batch/write_outputs.h"

#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>
#include <gmmseg/render.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_invoke.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "batch/label_pictures.h"
#include "batch/output_names.h"
#include "batch/write_maps.h"
#include "batch/write_volumes.h"
#include "io/staged_file.h"
#include "render/convergence.h"
#include "render/heat_index.h"
#include "render/painters.h"

namespace gmmseg {
namespace {

// Indices of one picture: one per sample, or, where that is how many there are, per pixel.
using IndexPlane = std::vector<std::uint8_t>;

class OutputWriter {
 public:
  OutputWriter(const boost::filesystem::path& folder, const std::string& stem, const Raster& raster,
               const Segmentation& segmentation, const Measures& measures,
               const OutputOptions& output)
      : folder_(folder),
        stem_(stem),
        raster_(raster),
        result_(segmentation),
        measures_(measures),
        output_(output) {}

  void Write() const {
    if (Wants(Output::kModel)) WriteModel(PathOf(Output::kModel), result_.model);
    if (Wants(Output::kConvergence)) WriteConvergence();
    if (IsVolume(raster_))
      WriteVolumes(folder_, stem_, raster_, result_, measures_, output_);
    else if (IsMap())
      tbb::parallel_invoke([this] { WriteMaps(); }, [this] { WriteTissuePlanes(); },
                           [this] { WriteAllPictures(); });
    else
      tbb::parallel_invoke([this] { WriteProbabilities(); }, [this] { WriteFloatPlanes(); },
                           [this] { WriteAllPictures(); });
  }

 private:
  void WriteConvergence() const {
    const FeatureCloud cloud = CloudOf(raster_, DisplayPainter(raster_, output_.display_window),
                                       result_.planes, kConvergencePoints);
    WriteStagedFile(PathOf(Output::kConvergence), ConvergenceSvg(result_.model, cloud));
  }

  bool Wants(Output output) const { return output_.outputs.contains(output); }
  bool IsMap() const { return raster_.georeference().IsLocated(); }
  void WriteMaps() const {
    const MapSubject subject{result_.width, result_.height, raster_.num_bands(),
                             raster_.georeference(), result_.model};
    MapOutputs maps(folder_, stem_, subject, output_);
    const Window all{0, 0, result_.width, result_.height};
    maps.Write({all, all, raster_, result_, measures_});
    maps.Close();
  }
  // What is a map where there are maps.
  bool WantsPicture(Output output) const { return Wants(output) && !IsMap(); }
  int num_classes() const { return static_cast<int>(result_.classes.size()); }
  std::string PathOf(Output output, int k = 0) const {
    return (folder_ / OutputName(stem_, output, OutputKind::kPicture, k)).string();
  }

  LabelView labels() const {
    return {{result_.width, result_.height}, result_.labels, result_.classes};
  }

  // The plane is the caller's to keep.
  Picture IndexPicture(std::string path, const IndexPlane& plane, std::vector<Rgb> palette) const {
    return PixelPicture(
        std::move(path), labels().size, PixelKind::kIndex8,
        Palette{std::move(palette), ZeroIndex::kTransparent},
        [this, &plane](std::int64_t first, std::int64_t count, std::uint8_t* bytes) {
          const AlignedBuffer<std::uint32_t>& entry = result_.planes.entry;
          if (entry.empty() || std::ssize(plane) == result_.num_pixels())
            std::copy_n(plane.begin() + first, count, bytes);
          else
            std::transform(entry.begin() + first, entry.begin() + first + count, bytes,
                           [&plane](std::uint32_t sample) { return plane[sample]; });
        });
  }

  Picture Heatmap(std::string path, const IndexPlane& plane, ColorMap map) const {
    return IndexPicture(std::move(path), plane, HeatPalette(map));
  }

  IndexPlane AnomalyIndices() const {
    IndexPlane plane(measures_.anomalies.sample_marks.size());
    std::ranges::transform(measures_.anomalies.sample_marks, plane.begin(),
                           [](AnomalyMark mark) { return static_cast<std::uint8_t>(mark); });
    return plane;
  }

  bool HasData(std::int64_t sample) const { return result_.planes.samples.weights()[sample] > 0; }

  // Of values of samples.
  IndexPlane HeatPlane(const std::vector<float>& of_samples) const {
    IndexPlane plane(of_samples.size());
    for (std::int64_t i = 0; i < std::ssize(plane); ++i)
      if (HasData(i)) plane[i] = HeatIndex(of_samples[i]);
    return plane;
  }

  IndexPlane UncertaintyIndices() const {
    const std::vector<float> uncertainty = result_.Uncertainty();
    IndexPlane plane(uncertainty.size());
    for (std::int64_t i = 0; i < std::ssize(plane); ++i)
      if (result_.PlaceHasData(i)) plane[i] = HeatIndex(uncertainty[i]);
    return plane;
  }

  std::vector<IndexPlane> PosteriorIndices(int first_class, int count) const {
    std::vector<IndexPlane> planes(count, IndexPlane(result_.num_places()));
    result_.VisitPlaces([&](const PosteriorTile& tile) {
      for (int k = 0; k < count; ++k)
        for (std::int64_t i = 0; i < tile.count; ++i)
          if (result_.PlaceHasData(tile.first + i))
            planes[k][tile.first + i] = HeatIndex(tile.Posterior(first_class - 1 + k, i));
    });
    return planes;
  }

  // The slowest to compress come first. Heatmaps of as many classes at a time as memory allows; the
  // other pictures join the first of them.
  void WriteAllPictures() const {
    IndexPlane uncertainty, instability, anomalies;
    std::vector<Picture> pictures;
    if (Wants(Output::kOverlay))
      pictures.push_back(
          OverlayPicture(PathOf(Output::kOverlay), labels(), raster_, output_.display_window));
    if (WantsPicture(Output::kUncertainty)) {
      uncertainty = UncertaintyIndices();
      pictures.push_back(Heatmap(PathOf(Output::kUncertainty), uncertainty, ColorMap::kMagma));
    }
    if (Wants(Output::kInstability)) {
      instability = HeatPlane(measures_.instability.of_samples);
      pictures.push_back(Heatmap(PathOf(Output::kInstability), instability, ColorMap::kMagma));
    }
    if (WantsPicture(Output::kAnomalies)) {
      anomalies = AnomalyIndices();
      pictures.push_back(IndexPicture(PathOf(Output::kAnomalies), anomalies, AnomalyPalette()));
    }
    if (WantsPicture(Output::kLabels))
      pictures.push_back(LabelMask(PathOf(Output::kLabels), labels()));
    if (Wants(Output::kMasks))
      for (int k = 1; k <= num_classes(); ++k)
        pictures.push_back(ClassMask(PathOf(Output::kMasks, k), labels(), k));
    if (Wants(Output::kHeatmaps) && num_classes() > 0) WriteHeatmaps(pictures);
    WritePictures(pictures);
  }

  // Writes `pictures` too, and empties it.
  void WriteHeatmaps(std::vector<Picture>& pictures) const {
    const int most = ClassesAtATime(result_.num_places(), num_classes());
    for (int first = 1; first <= num_classes(); first += most) {
      const std::vector<IndexPlane> planes =
          PosteriorIndices(first, std::min(most, num_classes() - first + 1));
      for (int k = first; const IndexPlane& plane : planes)
        pictures.push_back(Heatmap(PathOf(Output::kHeatmaps, k++), plane, ColorMap::kViridis));
      WritePictures(pictures);
      pictures.clear();
    }
  }

  void WriteProbabilities() const {
    if (!Wants(Output::kProbabilities) || num_classes() == 0) return;
    ProbabilityTiffWriter tiff(PathOf(Output::kProbabilities), result_.width, result_.height,
                               num_classes(), output_.depth);
    const int most =
        ClassesAtATime(result_.num_pixels() * std::int64_t{sizeof(float)}, num_classes());
    for (int first = 1; first <= num_classes(); first += most)
      for (const std::vector<float>& plane :
           result_.Posteriors(first, std::min(most, num_classes() - first + 1)))
        tiff.WritePlane(plane, result_.labels);
    tiff.Close();
  }

  // Of one value per sample.
  void WriteFloatPlane(Output output, const std::string& name,
                       const std::vector<float>& of_samples) const {
    if (!Wants(output)) return;
    WriteFloatTiff(PathOf(output), result_.width, result_.height, {name}, [&](int) {
      return [&](std::int64_t pixel) {
        return result_.labels[pixel] == 0 ? std::numeric_limits<float>::quiet_NaN()
                                          : of_samples[result_.planes.SampleOf(pixel)];
      };
    });
  }

  void WriteImputed() const {
    if (!Wants(Output::kImputed)) return;
    std::vector<std::string> names;
    for (int b = 0; b < raster_.num_bands(); ++b)
      names.push_back(result_.planes.layout.info[b].name);
    WriteFloatTiff(PathOf(Output::kImputed), result_.width, result_.height, names,
                   [&](int band) { return ImputedValue(raster_, result_, band); });
  }

  // value(pixel) of pixels with a label.
  template <typename Value>
  void WriteOfTissues(Output output, const Value& value) const {
    if (!Wants(output) || !result_.tissues) return;
    WriteFloatTiff(PathOf(output), result_.width, result_.height, {std::string(ToString(output))},
                   [&](int) {
                     return [&](std::int64_t pixel) {
                       return result_.labels[pixel] == 0 ? std::numeric_limits<float>::quiet_NaN()
                                                         : value(pixel);
                     };
                   });
  }

  void WriteTissuePlanes() const {
    WriteOfTissues(Output::kBias, [&](std::int64_t i) { return result_.tissues->bias[i]; });
    WriteOfTissues(Output::kRestored, [&](std::int64_t i) {
      return raster_.VisitBand(0, [&](const auto* values) {
        return result_.tissues->Restored(static_cast<float>(values[i]), i);
      });
    });
  }

  void WriteFloatPlanes() const {
    WriteTissuePlanes();
    WriteFloatPlane(Output::kDensity, "log-density", result_.sample_log_density);
    WriteFloatPlane(Output::kOutliers, "outlier tail probability",
                    measures_.anomalies.sample_tails);
    WriteImputed();
  }

  const boost::filesystem::path& folder_;
  const std::string& stem_;
  const Raster& raster_;
  const Segmentation& result_;
  const Measures& measures_;
  const OutputOptions& output_;
};

}  // namespace

int ClassesAtATime(std::int64_t bytes_per_class, int num_classes) {
  return static_cast<int>(
      std::clamp<std::int64_t>(kPosteriorBytes / bytes_per_class, 1, num_classes));
}

PixelValues ImputedValue(const Raster& raster, const Segmentation& segmentation, int band) {
  return [&raster, band, values = segmentation.Imputed(band)](std::int64_t pixel) {
    if (!raster.HasBand(band, pixel)) return values[pixel];
    return raster.VisitBand(
        band, [pixel](const auto* as_read) { return static_cast<float>(as_read[pixel]); });
  };
}

bool NeedsAnomalies(const OutputSet& outputs) {
  return outputs.contains(Output::kAnomalies) || outputs.contains(Output::kOutliers);
}

void WriteOutputs(const boost::filesystem::path& folder, const std::string& stem,
                  const Raster& raster, const Segmentation& segmentation, const Measures& measures,
                  const OutputOptions& output) {
  OutputWriter(folder, stem, raster, segmentation, measures, output).Write();
}

}  // namespace gmmseg
