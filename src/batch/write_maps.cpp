#include "batch/write_maps.h"

#include <gmmseg/errors.h>
#include <gmmseg/render.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "base/text.h"
#include "batch/class_map.h"
#include "batch/output_names.h"
#include "io/map_writer.h"
#include "io/probability_steps.h"
#include "io/staged_file.h"
#include "raster/value_size.h"

namespace gmmseg {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

const ProbabilitySteps kUncertaintySteps = StepsOf(ProbabilityDepth::kUint8);

// Classes of anomalies, in their colours.
ClassTable MarkTable() {
  static constexpr const char* kNames[] = {"usual", "unlikely", "outlier", "unlikely and outlier"};
  ClassTable table;
  const std::vector<Rgb> palette = AnomalyPalette();
  for (int k = 1; k <= 4; ++k) {
    ClassEntry& entry = table.emplace_back();
    entry.index = k;
    entry.name = kNames[k - 1];
    entry.color = palette[k];
  }
  return table;
}

// What a map says of the model that it was made by, in the domain GMMSEG.
std::vector<std::pair<std::string, std::string>> MapMetadata(const Model& model) {
  const GaussianMixture& mixture = model.mixture();
  return {{"VERSION", GMMSEG_VERSION},
          {"MODEL_HASH", HashOfMixture(model)},
          {"SEED", std::to_string(model.seed)},
          {"COMPONENTS", std::to_string(mixture.num_components())},
          {"CLASSES", std::to_string(model.classes.size())},
          {"COVARIANCE", std::string(ToString(mixture.covariance_type))},
          {"FEATURES", FeatureWords(model.features.spec)},
          {"LOG_LIKELIHOOD", Format("%.17g", model.fit.log_likelihood)},
          {"ITERATIONS", std::to_string(model.fit.iterations)},
          {"STOP_REASON", std::string(ToString(model.fit.stop_reason))}};
}

MapFormat FormatOf(MapFormat common, SampleType type, std::vector<MapBand> bands, double no_data) {
  common.type = type;
  common.bands = std::move(bands);
  common.no_data = no_data;
  common.overviews = Overviews::kAverage;
  return common;
}

MapFormat FloatsOf(const MapFormat& common, const std::vector<std::string>& names) {
  std::vector<MapBand> bands;
  for (const std::string& name : names) bands.push_back({.name = name});
  return FormatOf(common, SampleType::kFloat32, std::move(bands), kNaN);
}

MapFormat ProbabilitiesOf(const MapFormat& common, ProbabilityDepth depth, int num_classes) {
  const bool is_float = depth == ProbabilityDepth::kFloat32;
  std::vector<MapBand> bands;
  for (int k = 1; k <= num_classes; ++k)
    bands.push_back({"P(" + std::to_string(k) + ")", is_float ? 1 : 1 / StepsOf(depth).steps});
  return is_float ? FormatOf(common, SampleType::kFloat32, std::move(bands), kNaN)
                  : FormatOf(common, StepsOf(depth).type, std::move(bands), StepsOf(depth).no_data);
}

// Of the maps that are asked for.
std::map<Output, MapFormat> FormatsOf(const MapSubject& subject, const OutputOptions& output) {
  const MapFormat common{.width = subject.width,
                         .height = subject.height,
                         .layout = output.map_layout,
                         .georeference = subject.georeference,
                         .metadata = MapMetadata(subject.model)};
  const ClassTable& classes = subject.model.classes;
  std::vector<std::string> features;
  for (const FeatureInfo& info : subject.model.features.info) features.push_back(info.name);
  std::map<Output, MapFormat> formats;
  const auto add = [&](Output kind, const auto& format) {
    if (output.outputs.contains(kind)) formats.emplace(kind, format());
  };
  add(Output::kLabels, [&] { return ClassMap::FormatOf(common, classes, features); });
  add(Output::kAnomalies, [&] { return ClassMap::FormatOf(common, MarkTable(), {}); });
  add(Output::kUncertainty, [&] {
    return FormatOf(common, kUncertaintySteps.type, {{"uncertainty", 1 / kUncertaintySteps.steps}},
                    kUncertaintySteps.no_data);
  });
  if (!classes.empty())
    add(Output::kProbabilities,
        [&] { return ProbabilitiesOf(common, output.depth, static_cast<int>(classes.size())); });
  add(Output::kDensity, [&] { return FloatsOf(common, {"log-density"}); });
  add(Output::kOutliers, [&] { return FloatsOf(common, {"outlier tail probability"}); });
  features.resize(std::min<std::size_t>(features.size(), subject.num_bands));
  add(Output::kImputed, [&] { return FloatsOf(common, features); });
  return formats;
}

}  // namespace

struct MapOutputs::Impl {
  // Nothing is written where there is no file.
  struct NumberMap {
    NumberMap(const std::optional<std::string>& path, const MapFormat& format)
        : num_bands(static_cast<int>(format.bands.size())),
          bytes_per_value(BytesPerValue(format.type)) {
      if (path) writer.emplace(*path, format);
    }
    void Write(const Window& window, int band, const void* values) {
      if (writer) writer->Write(window, band, values);
    }

    std::optional<MapWriter> writer;
    int num_bands;
    std::int64_t bytes_per_value;
  };

  Impl(const std::optional<boost::filesystem::path>& folder, const std::string& stem,
       const MapSubject& map_subject, const OutputOptions& options, KeepValues keep_values)
      : subject(map_subject), output(options), keep(std::move(keep_values)) {
    for (const auto& [kind, format] : FormatsOf(subject, output)) {
      if (format.classes) {
        std::optional<ClassMap>& map = class_maps[kind];
        if (folder) map.emplace(*folder, stem, kind, format, *format.classes, format.mean_names);
        continue;
      }
      std::optional<std::string> path;
      if (folder) path = (*folder / OutputName(stem, kind, OutputKind::kMap)).string();
      maps.try_emplace(kind, path, format);
    }
  }

  void Write(const MapPart& part) {
    for (auto& [kind, map] : class_maps) {
      const std::vector<std::uint16_t> labels =
          kind == Output::kAnomalies ? MarksOf(part) : CoreLabels(part);
      if (map) map->Write(part.core, labels);
      Keep(labels);
    }
    for (auto& [kind, map] : maps) WriteNumbers(kind, part, map);
  }

  template <typename T>
  void Keep(const std::vector<T>& values) const {
    if (keep) keep(values.data(), std::ssize(values) * std::int64_t{sizeof(T)});
  }

  void WriteKept(const Window& core, const FetchValues& fetch) {
    const std::int64_t num_pixels = core.width * core.height;
    std::vector<std::uint16_t> labels(num_pixels);
    for (auto& [kind, map] : class_maps) {
      fetch(labels.data(), num_pixels * std::int64_t{sizeof(std::uint16_t)});
      if (map) map->Write(core, labels);
    }
    for (auto& [kind, map] : maps) {
      std::vector<char> values(num_pixels * map.bytes_per_value);
      for (int b = 0; b < map.num_bands; ++b) {
        fetch(values.data(), std::ssize(values));
        map.Write(core, b, values.data());
      }
    }
  }

  std::int64_t KeptBytesPerPixel() const {
    std::int64_t bytes = std::ssize(class_maps) * std::int64_t{sizeof(std::uint16_t)};
    for (const auto& [kind, map] : maps) bytes += map.num_bands * map.bytes_per_value;
    return bytes;
  }

  static std::vector<std::uint16_t> MarksOf(const MapPart& part) {
    std::vector<std::uint16_t> marks(part.num_pixels());
    for (std::int64_t i = 0; i < part.num_pixels(); ++i)
      marks[i] = static_cast<std::uint16_t>(
          part.measures.anomalies.sample_marks[part.result.planes.SampleOf(part.At(i))]);
    return marks;
  }

  void WriteNumbers(Output kind, const MapPart& part, NumberMap& map) const {
    switch (kind) {
      case Output::kUncertainty:
        return WriteUncertainty(part, map);
      case Output::kProbabilities:
        return WriteProbabilities(part, map);
      case Output::kDensity:
        return WriteFloats(part, map, 0, OfSamples(part, part.result.sample_log_density));
      case Output::kOutliers:
        return WriteFloats(part, map, 0, OfSamples(part, part.measures.anomalies.sample_tails));
      case Output::kImputed:
        for (int b = 0; b < part.raster.num_bands(); ++b)
          WriteFloats(part, map, b, ImputedValue(part.raster, part.result, b));
        return;
      default:
        throw InternalError("an output that is no map");
    }
  }

  // value(i) of pixels with data, i as they were seen, as the steps have it.
  template <typename T>
  void WriteSteps(const MapPart& part, NumberMap& map, int band, const ProbabilitySteps& steps,
                  const PixelValues& value) const {
    std::vector<T> stored(part.num_pixels());
    for (std::int64_t i = 0; i < part.num_pixels(); ++i) {
      const std::int64_t at = part.At(i);
      const double exact = part.result.labels[at] == 0
                               ? steps.no_data
                               : static_cast<double>(value(at)) * steps.steps;
      stored[i] = static_cast<T>(std::lround(exact));
    }
    map.Write(part.core, band, stored.data());
    Keep(stored);
  }

  void WriteUncertainty(const MapPart& part, NumberMap& map) const {
    const std::vector<float> uncertainty = part.result.Uncertainty();
    WriteSteps<std::uint8_t>(part, map, 0, kUncertaintySteps,
                             [&](std::int64_t i) { return uncertainty[part.result.PlaceOf(i)]; });
  }

  void WriteProbabilities(const MapPart& part, NumberMap& map) const {
    const auto num_classes = static_cast<int>(part.result.classes.size());
    const int most = ClassesAtATime(
        part.seen.width * part.seen.height * std::int64_t{sizeof(float)}, num_classes);
    for (int first = 1; first <= num_classes; first += most) {
      const int count = std::min(most, num_classes - first + 1);
      const std::vector<std::vector<float>> planes = part.result.Posteriors(first, count);
      for (int k = 0; k < count; ++k) WriteProbability(part, map, first - 1 + k, planes[k]);
    }
  }

  void WriteProbability(const MapPart& part, NumberMap& map, int band,
                        const std::vector<float>& plane) const {
    const auto value = [&](std::int64_t i) { return plane[i]; };
    switch (output.depth) {
      case ProbabilityDepth::kUint8:
        return WriteSteps<std::uint8_t>(part, map, band, StepsOf(output.depth), value);
      case ProbabilityDepth::kUint16:
        return WriteSteps<std::uint16_t>(part, map, band, StepsOf(output.depth), value);
      case ProbabilityDepth::kFloat32:
        return WriteFloats(part, map, band, value);
    }
  }

  static PixelValues OfSamples(const MapPart& part, const std::vector<float>& values) {
    return [&](std::int64_t i) { return values[part.result.planes.SampleOf(i)]; };
  }

  // value(i) of pixels with data, i as they were seen.
  void WriteFloats(const MapPart& part, NumberMap& map, int band, const PixelValues& value) const {
    std::vector<float> plane(part.num_pixels());
    for (std::int64_t i = 0; i < part.num_pixels(); ++i)
      plane[i] = part.result.labels[part.At(i)] == 0 ? kNaN : value(part.At(i));
    map.Write(part.core, band, plane.data());
    Keep(plane);
  }

  void Close() {
    for (auto& [kind, map] : class_maps)
      if (map) map->Close();
    for (auto& [kind, map] : maps)
      if (map.writer) map.writer->Close();
  }

  MapSubject subject;
  const OutputOptions& output;
  KeepValues keep;
  std::map<Output, std::optional<ClassMap>> class_maps;
  std::map<Output, NumberMap> maps;
};

std::vector<std::uint16_t> CoreLabels(const MapPart& part) {
  std::vector<std::uint16_t> labels(part.num_pixels());
  for (std::int64_t i = 0; i < part.num_pixels(); ++i) labels[i] = part.result.labels[part.At(i)];
  return labels;
}

MapOutputs::MapOutputs(const std::optional<boost::filesystem::path>& folder,
                       const std::string& stem, const MapSubject& subject,
                       const OutputOptions& output, KeepValues keep)
    : impl_(std::make_unique<Impl>(folder, stem, subject, output, std::move(keep))) {}
MapOutputs::~MapOutputs() = default;
void MapOutputs::Write(const MapPart& part) { impl_->Write(part); }
void MapOutputs::WriteKept(const Window& core, const FetchValues& fetch) {
  impl_->WriteKept(core, fetch);
}
std::int64_t MapOutputs::BytesPerPixel() const { return impl_->KeptBytesPerPixel(); }
void MapOutputs::Close() { impl_->Close(); }

ClassCounts MapOutputs::counts() const {
  ClassCounts counts;
  for (const auto& [kind, map] : impl_->class_maps)
    if (map) counts[kind] = map->counts();
  return counts;
}

void WriteMosaics(const boost::filesystem::path& folder, const std::string& stem,
                  const MapSubject& subject, const OutputOptions& output,
                  const std::vector<WrittenTile>& tiles, const ClassCounts& counts) {
  for (const auto& [kind, format] : FormatsOf(subject, output)) {
    std::vector<MosaicTile> files;
    for (const WrittenTile& tile : tiles)
      files.push_back(
          {tile.window, tile.folder + "/" + OutputName(tile.stem, kind, OutputKind::kMap)});
    const auto count = counts.find(kind);
    WriteMosaic((folder / OutputName(stem, kind, OutputKind::kMosaic)).string(), format, files,
                count == counts.end() ? std::vector<std::int64_t>() : count->second);
    if (format.classes)
      WriteStagedFile((folder / StyleName(stem, kind)).string(), QgisStyle(*format.classes));
  }
}

OutputSet MapOutputKinds() {
  return {Output::kLabels,    Output::kUncertainty, Output::kProbabilities, Output::kDensity,
          Output::kAnomalies, Output::kOutliers,    Output::kImputed};
}

}  // namespace gmmseg
