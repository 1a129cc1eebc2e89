#include "batch/write_outputs.h"

#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>
#include <gmmseg/render.h>
#include <oneapi/tbb/parallel_for_each.h>

#include <algorithm>
#include <optional>

#include "batch/output_names.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kPosteriorBytes = std::int64_t{256} << 20;
constexpr std::size_t kMaxIndexedClasses = 255;  // one byte, label 0 apart

using Tasks = std::vector<std::function<void()>>;

class OutputWriter {
 public:
  OutputWriter(const boost::filesystem::path& folder, const std::string& stem, const Raster& raster,
               const Segmentation& segmentation, const OutputOptions& output)
      : folder_(folder), stem_(stem), raster_(raster), result_(segmentation), output_(output) {}

  void Write() {
    CheckPlane();
    Tasks tasks = ImageTasks();
    if (Wants(Output::kMasks)) AddPerClass(tasks, [this](int k) { WriteMask(k); });
    if (!result_.classes.empty() && (Wants(Output::kHeatmaps) || Wants(Output::kProbabilities)))
      WritePosteriors(tasks);
    Run(tasks);
  }

 private:
  void CheckPlane() const {
    if (result_.depth > 1 && output_.outputs != OutputSet{Output::kModel})
      throw ParameterError("the image is a volume of " + std::to_string(result_.depth) +
                           " slices; PNG and TIFF outputs hold one: ask for the model alone, or "
                           "segment the slices one by one");
  }

  bool Wants(Output output) const { return output_.outputs.contains(output); }
  int num_classes() const { return static_cast<int>(result_.classes.size()); }
  std::string PathOf(Output output, int k = 0) const {
    return (folder_ / OutputName(stem_, output, k)).string();
  }

  static void Run(Tasks& tasks) {
    tbb::parallel_for_each(tasks, [](const std::function<void()>& task) { task(); });
    tasks.clear();
  }

  template <typename Write>
  void AddPerClass(Tasks& tasks, const Write& write) const {
    for (int k = 1; k <= num_classes(); ++k) tasks.push_back([write, k] { write(k); });
  }

  // One task per file of the whole image; the slowest to compress comes first.
  Tasks ImageTasks() const {
    Tasks tasks;
    if (Wants(Output::kOverlay)) tasks.push_back([this] { WriteOverlay(); });
    if (Wants(Output::kUncertainty)) tasks.push_back([this] { WriteUncertainty(); });
    if (Wants(Output::kLabels)) tasks.push_back([this] { WriteLabels(); });
    if (Wants(Output::kModel))
      tasks.push_back([this] { WriteModel(PathOf(Output::kModel), result_.model); });
    return tasks;
  }

  void WriteLabels() const {
    const std::string path = PathOf(Output::kLabels);
    if (result_.classes.size() > kMaxIndexedClasses)
      return WriteGrayPng(path, result_.width, result_.height, result_.labels);
    std::vector<std::uint8_t> indices(result_.labels.size());
    std::transform(result_.labels.begin(), result_.labels.end(), indices.begin(),
                   [](std::uint16_t label) { return static_cast<std::uint8_t>(label); });
    WriteIndexedPng(path, result_.width, result_.height, indices,
                    {LabelPalette(result_.classes), ZeroIndex::kTransparent});
  }

  void WriteOverlay() const {
    WriteRgbPng(PathOf(Output::kOverlay), result_.width, result_.height,
                Overlay(DisplayImage(raster_), result_.width, result_.height, result_.labels,
                        result_.classes));
  }

  void WriteHeat(const std::string& path, std::span<const float> values, ColorMap map) const {
    WriteIndexedPng(path, result_.width, result_.height, HeatIndices(values, result_.labels),
                    {HeatPalette(map), ZeroIndex::kTransparent});
  }

  void WriteUncertainty() const {
    WriteHeat(PathOf(Output::kUncertainty), result_.uncertainty, ColorMap::kMagma);
  }

  void WriteMask(int k) const {
    std::vector<std::uint8_t> mask(result_.labels.size());
    std::transform(result_.labels.begin(), result_.labels.end(), mask.begin(),
                   [k](std::uint16_t label) -> std::uint8_t { return label == k ? 255 : 0; });
    WriteGrayPng(PathOf(Output::kMasks, k), result_.width, result_.height, mask);
  }

  // Batch by batch of classes; `tasks` are run beside the first batch.
  void WritePosteriors(Tasks& tasks) const {
    std::optional<ProbabilityTiffWriter> tiff;
    if (Wants(Output::kProbabilities))
      tiff.emplace(PathOf(Output::kProbabilities), result_.width, result_.height, num_classes(),
                   output_.depth);
    const std::int64_t plane_bytes = result_.num_pixels() * std::int64_t{sizeof(float)};
    const int batch =
        static_cast<int>(std::clamp<std::int64_t>(kPosteriorBytes / plane_bytes, 1, num_classes()));
    for (int first = 1; first <= num_classes(); first += batch)
      WriteBatch(first, std::min(batch, num_classes() - first + 1), tiff, tasks);
    if (tiff) tiff->Close();
  }

  void WriteBatch(int first, int count, std::optional<ProbabilityTiffWriter>& tiff,
                  Tasks& tasks) const {
    const std::vector<std::vector<float>> posteriors = result_.Posteriors(first, count);
    if (tiff)
      tasks.push_back([&] {
        for (const std::vector<float>& plane : posteriors) tiff->WritePlane(plane, result_.labels);
      });
    if (Wants(Output::kHeatmaps))
      for (int i = 0; i < count; ++i)
        tasks.push_back([&, i] {
          WriteHeat(PathOf(Output::kHeatmaps, first + i), posteriors[i], ColorMap::kViridis);
        });
    Run(tasks);
  }

  const boost::filesystem::path& folder_;
  const std::string& stem_;
  const Raster& raster_;
  const Segmentation& result_;
  const OutputOptions& output_;
};

}  // namespace

void WriteOutputs(const boost::filesystem::path& folder, const std::string& stem,
                  const Raster& raster, const Segmentation& segmentation,
                  const OutputOptions& output) {
  OutputWriter(folder, stem, raster, segmentation, output).Write();
}

}  // namespace gmmseg
