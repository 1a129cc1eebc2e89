#include "batch/image_headers.h"

#include <gmmseg/errors.h>
#include <gmmseg/memory.h>
#include <gmmseg/scene_job.h>
#include <gmmseg/threads.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <map>
#include <string>

#include "batch/label_scene.h"
#include "batch/write_outputs.h"
#include "raster/value_size.h"
#include "render/report.h"
#include "segment/region_memberships.h"
#include "stream/cells.h"
#include "stream/scene_plan.h"

namespace gmmseg {
namespace {

// Where no budget is given: enough for all colours of 8 bits, and the same on every machine, for
// the shared model's bits depend on it.
constexpr std::int64_t kSharedColors = std::int64_t{2} << 30;

std::optional<ImageHeader> TryHeader(const InputFile& file) {
  try {
    return ReadImageHeader(file.path, file.read);
  } catch (const Error&) {
    return std::nullopt;  // whoever reads the image will say what is wrong with it
  }
}

RasterKind KindOf(const ImageHeader& header) {
  return {header.num_bands, header.type, header.color_model,
          header.type == SampleType::kUint8 ? 255.0 : 65535.0};
}

// Samples are pixels, or distinct colours where these are no more than half as many.
std::int64_t MostSamples(const ImageHeader& header, const FolderOptions& options) {
  const std::int64_t pixels = header.num_pixels();
  const std::int64_t bits = 8 * BytesPerValue(header.type) * header.num_bands;
  const bool has_palette = options.segment.features.position_weight == 0 &&
                           options.segment.features.texture == Texture::kOff &&
                           header.type != SampleType::kFloat32 && bits < 40;
  return has_palette && pixels > std::int64_t{2} << bits ? std::int64_t{1} << bits : pixels;
}

// What a report's part holds: posteriors, as much again to compress them in, their text several
// times, a run of samples, and the models on the way, which the fit and two results keep.
std::int64_t PreviewBytes(int num_components, int num_features) {
  constexpr std::int64_t kText = std::int64_t{4} << 20, kRun = 32768;
  constexpr std::int64_t kPixels =
      std::int64_t{kPreviewOfMany.longest_side} * kPreviewOfMany.longest_side;
  const std::int64_t models =
      std::int64_t{TraceLength(num_components, num_features, kPreviewOfMany)} * num_components *
      num_features * num_features * 8;
  return kText + 2 * std::min(kPixels * num_components, kMostPosteriors) +
         kRun * 4 * (num_features + 1) + 3 * models;
}

// What SegmentRegions says that it takes, and the labels and pictures of it.
std::int64_t BytesForRegions(const ImageHeader& header, const RegionOptions& regions) {
  constexpr std::int64_t kFixed = std::int64_t{24} << 20, kPerPixel = 64;
  const std::int64_t pixels = header.num_pixels();
  const std::int64_t looked_at = std::min(pixels, kMostRegionPixels);
  return kFixed + pixels * (kPerPixel + 2 * header.num_bands * BytesPerValue(header.type)) +
         looked_at * 2 * regions.num_components * regions.num_mixtures;
}

// By mean field: each pixel's posteriors, as much again on the way and of each sample; the guide
// and what lies between neighbours. By a guide: a number per pixel and class, and each sample's
// posteriors. Pieces: their numbers, and in the worst case four neighbours for each pixel.
std::int64_t SmoothBytes(const SmoothOptions& smooth, std::int64_t pixels, std::int64_t samples,
                         int num_components, const OutputSet& outputs) {
  constexpr std::int64_t kPieces = 4 + 16 + 4 * 8;
  std::int64_t bytes = smooth.min_size > 1 ? kPieces * pixels : 0;
  if (!smooth.Smooths()) return bytes;
  constexpr std::int64_t kGuide = 4 * (1 + 3), kPairs = 4 * (4 + 3), kGuidedFits = 12;
  const std::int64_t of_samples = 4 * samples * num_components;
  const std::int64_t kept =
      smooth.method == SmoothMethod::kPotts ? 4 * pixels * num_components : pixels * num_components;
  const std::int64_t on_the_way =
      smooth.method == SmoothMethod::kPotts ? kept + kPairs * pixels : kGuidedFits * pixels;
  bytes = std::max(bytes, of_samples + on_the_way + kGuide * pixels);
  const std::int64_t indices = outputs.contains(Output::kHeatmaps) ? num_components : 0;
  constexpr std::int64_t kUncertainty = 4 + 1;
  return kept + bytes + (indices + kUncertainty) * pixels;
}

// At the moment when most is held: the decoder's picture beside the raster, or the raster beside
// the pixels' samples and labels and all that is known of each sample.
std::int64_t BytesFor(const ImageHeader& header, const FolderOptions& options,
                      FeaturePool::Weights weights) {
  if (options.regions) return BytesForRegions(header, *options.regions);
  constexpr std::int64_t kFixed = std::int64_t{24} << 20;  // keys of colours, compressors
  constexpr std::int64_t kSampleAndLabel = 4 + 2, kScores = 2 + 4 + 4;
  const OutputSet& outputs = options.output.outputs;
  const std::int64_t pixels = header.num_pixels();
  const int num_components =
      options.model ? options.model->mixture().num_components() : options.segment.num_components();
  const int num_axes = header.depth > 1 ? 3 : 2;
  const int num_features = header.num_bands +
                           (options.segment.features.position_weight > 0 ? num_axes : 0) +
                           (options.segment.features.texture == Texture::kOn ? 2 : 0);
  const std::int64_t raster = header.num_bands * BytesPerValue(header.type);
  const std::int64_t heat = outputs.contains(Output::kHeatmaps) ? num_components : 0;
  std::int64_t bytes = kFixed + pixels * (raster + std::max(raster, kSampleAndLabel)) +
                       MostSamples(header, options) * (4 * (num_features + 1) + kScores + heat);
  // Each pixel's weight, as read and as kept; each pattern's samples apart.
  if (weights == FeaturePool::Weights::kOfPixels) bytes += pixels * 2 * 4;
  if (options.segment.features.missing == MissingValues::kMarginal)
    bytes += MostSamples(header, options) * 4 * (num_features + 2);
  constexpr std::int64_t kTexturePlanes = 8;  // lightness, its squares, their means, weights
  if (options.segment.features.texture == Texture::kOn) bytes += pixels * 4 * kTexturePlanes;
  bytes += SmoothBytes(options.segment.smooth, pixels, MostSamples(header, options), num_components,
                       outputs);
  if (outputs.contains(Output::kReport)) bytes += PreviewBytes(num_components, num_features);
  constexpr std::int64_t kTailAndMark = 4 + 1;
  if (NeedsAnomalies(outputs)) bytes += MostSamples(header, options) * (kTailAndMark + 1);
  if (outputs.contains(Output::kProbabilities))
    bytes += std::min(2 * kPosteriorBytes, std::int64_t{8} * num_components * pixels);
  return bytes;
}

// As --memory takes it; rounded up where it is no whole number of megabytes.
std::string SizeText(std::int64_t bytes) {
  constexpr std::int64_t kKilo = 1024, kMega = kKilo * kKilo;
  if (bytes < kMega) return std::to_string(bytes);
  return std::to_string((bytes + kMega - 1) / kMega) + "M";
}

SharedPlan PlanShared(const ImageHeaders& headers, const FolderOptions& options,
                      FeaturePool::Weights weights, std::int64_t memory) {
  SharedPlan plan;
  plan.spec = options.segment.features;
  std::map<RasterKind, std::int64_t> pixels;
  for (const std::optional<ImageHeader>& header : headers) {
    if (!header) continue;
    pixels[KindOf(*header)] += header->num_pixels();
    if (plan.spec.color == ColorSpace::kAuto && !plan.spec.IsOfBands() &&
        header->color_model == ColorModel::kRgb)
      plan.spec.color = ColorSpace::kLab;
  }
  const auto num_float = std::ranges::count_if(
      pixels, [](const auto& kind) { return kind.first.type == SampleType::kFloat32; });
  plan.mixes_floats = num_float > 0 && num_float < std::ssize(pixels);
  plan.pool = FeaturePool::PlanFor(plan.spec, pixels, weights, memory, options.segment.fit.seed);
  return plan;
}

// Whether a scene job can do what is asked of each image; statistics, which have no output, are of
// images that are held.
bool GoesWithScenes(const FolderOptions& options, FeaturePool::Weights weights) {
  const FeatureSpec& spec = options.model ? options.model->features.spec : options.segment.features;
  const bool writes = NeedsSharedModel(options) || !options.output.outputs.empty();
  return writes && !options.regions && options.source != ModelSource::kMatched &&
         spec.position_weight == 0 && spec.texture == Texture::kOff &&
         options.segment.scribbles == Scribbles::kIgnore && weights == FeaturePool::Weights::kNone;
}

void FindScenes(const InputList& inputs, const ImageHeaders& headers, const FolderOptions& options,
                FeaturePool::Weights weights, std::int64_t budget, WorkPlan& plan) {
  plan.num_cells.resize(headers.size());
  const auto has_mask = [](const InputFile& file) { return !file.mask.empty(); };
  if (!GoesWithScenes(options, weights) || std::ranges::any_of(inputs.files, has_mask)) return;
  const auto is_too_large = [&](const std::optional<ImageHeader>& header) {
    return header && header->is_map && BytesFor(*header, options, weights) > budget;
  };
  if (std::ranges::none_of(headers, is_too_large)) return;
  plan.scene_memory = budget;
  for (std::size_t i = 0; i < headers.size(); ++i)
    if (headers[i] && headers[i]->is_map)
      plan.num_cells[i] = NumCells(headers[i]->width, headers[i]->height);
}

void CheckSceneOutputs(const OutputSet& asked) {
  const OutputSet possible = SceneOutputSet();
  std::string words;
  for (const Output kind : asked) {
    if (possible.contains(kind)) return;
    words += (words.empty() ? "" : ", ") + std::string(ToString(kind));
  }
  if (!asked.empty())
    throw ParameterError(words +
                         ": need the whole image, which is more than the memory allows; give more "
                         "of it, or ask for labels or other maps");
}

// What all of them can be read by.
void PlanScenes(const InputList& inputs, const ImageHeaders& headers, const FolderOptions& options,
                WorkPlan& plan) {
  CheckSceneOutputs(options.output.outputs);
  const int num_components =
      options.model ? options.model->mixture().num_components() : options.segment.num_components();
  plan.parts_at_a_time = ActiveThreads() + 2;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const InputFile& file = inputs.files[i];
    // Images that are held take all of the memory by themselves.
    if (headers[i] && plan.num_cells[i] == 0) plan.parts_at_a_time = 1;
    if (plan.num_cells[i] == 0) continue;
    try {
      const RasterInfo info = OpenBlocks(file.path, file.read)->info();
      const ScenePlan scene =
          PlanScene(info, options.segment, num_components,
                    OutputsPerPixel(options.output.outputs, options.segment.smooth, num_components,
                                    info.num_bands),
                    plan.scene_memory);
      plan.parts_at_a_time = std::min(plan.parts_at_a_time, scene.cells_at_a_time);
      plan.cache_bytes = std::max(plan.cache_bytes, scene.cache_bytes);
    } catch (const MemoryError& error) {
      throw MemoryError(file.path + ": " + error.what());
    } catch (const IoError&) {
      continue;  // whoever reads it will say what is wrong with it
    }
  }
}

}  // namespace

std::int64_t BytesToHold(const ImageHeader& header, const SegmentOptions& options,
                         const OutputOptions& output) {
  FolderOptions alone;
  alone.segment = options;
  alone.output = output;
  return BytesFor(header, alone, FeaturePool::Weights::kNone);
}

ImageHeaders ReadHeaders(const InputList& inputs) {
  ImageHeaders headers(inputs.files.size());
  tbb::parallel_for(std::size_t{0}, headers.size(),
                    [&](std::size_t i) { headers[i] = TryHeader(inputs.files[i]); });
  return headers;
}

bool NeedsSharedModel(const FolderOptions& options) {
  return options.source == ModelSource::kShared ||
         (options.source == ModelSource::kMatched && !options.model);
}

WorkPlan PlanWork(const InputList& inputs, const ImageHeaders& headers,
                  const FolderOptions& options, FeaturePool::Weights weights) {
  WorkPlan plan;
  const std::int64_t usual =
      options.usual_memory > 0 ? options.usual_memory : AvailableMemory() / 2;
  const std::int64_t budget = options.memory > 0 ? options.memory : usual;
  FindScenes(inputs, headers, options, weights, budget, plan);
  for (std::size_t i = 0; i < headers.size(); ++i)
    if (headers[i] && !plan.IsScene(static_cast<std::int64_t>(i)))
      plan.bytes_per_image =
          std::max(plan.bytes_per_image, BytesFor(*headers[i], options, weights));
  if (options.memory > 0 && plan.bytes_per_image > budget)
    throw MemoryError(
        "--memory " + SizeText(options.memory) + " is too little: the largest image needs about " +
        SizeText(plan.bytes_per_image) + "; give at least that, or ask for fewer outputs");
  const int threads = ActiveThreads();
  const std::int64_t fit = budget / std::max<std::int64_t>(plan.bytes_per_image, 1);
  plan.images_at_a_time =
      plan.HasScenes() ? 1 : static_cast<int>(std::clamp<std::int64_t>(fit, 1, threads));
  // Where memory does not set the limit, a slow image may fall behind the others.
  constexpr int kAhead = 4;
  plan.window = plan.images_at_a_time < threads ? plan.images_at_a_time : kAhead * threads;
  plan.parts_at_a_time = plan.window;
  if (plan.HasScenes()) PlanScenes(inputs, headers, options, plan);
  if (NeedsSharedModel(options))
    plan.shared = PlanShared(headers, options, weights,
                             plan.HasScenes()     ? PoolBytes(budget)
                             : options.memory > 0 ? options.memory / 2
                                                  : kSharedColors);
  return plan;
}

}  // namespace gmmseg
