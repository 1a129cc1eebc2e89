#include "batch/write_maps.h"

#include <gmmseg/render.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/text.h"
#include "batch/output_names.h"
#include "io/map_writer.h"
#include "io/staged_file.h"

namespace gmmseg {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Numbers as probabilities are stored: round(value · steps).
struct Steps {
  SampleType type;
  double steps;
  double no_data;
};
constexpr Steps kSteps8{SampleType::kUint8, 250, 255}, kSteps16{SampleType::kUint16, 10000, 65535};

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

class MapOutputs {
 public:
  MapOutputs(const boost::filesystem::path& folder, const std::string& stem, const Raster& raster,
             const Segmentation& segmentation, const Measures& measures,
             const OutputOptions& output)
      : folder_(folder),
        stem_(stem),
        raster_(raster),
        result_(segmentation),
        measures_(measures),
        output_(output),
        metadata_(MapMetadata(segmentation.model)) {}

  void Write() const {
    if (Wants(Output::kLabels)) WriteLabels();
    if (Wants(Output::kAnomalies)) WriteAnomalies();
    if (Wants(Output::kUncertainty)) WriteUncertainty();
    if (Wants(Output::kProbabilities) && !result_.classes.empty()) WriteProbabilities();
    if (Wants(Output::kDensity))
      WriteFloats(Output::kDensity, {"log-density"},
                  [&](int) { return OfSamples(result_.sample_log_density); });
    if (Wants(Output::kOutliers))
      WriteFloats(Output::kOutliers, {"outlier tail probability"},
                  [&](int) { return OfSamples(measures_.anomalies.sample_tails); });
    if (Wants(Output::kImputed)) WriteImputed();
  }

 private:
  bool Wants(Output output) const { return output_.outputs.contains(output); }
  std::string PathOf(Output output) const {
    return (folder_ / OutputName(stem_, output, OutputKind::kMap)).string();
  }
  Window Whole() const { return {0, 0, result_.width, result_.height}; }

  MapFormat FormatOf(SampleType type, std::vector<MapBand> bands, double no_data) const {
    MapFormat format;
    format.width = result_.width;
    format.height = result_.height;
    format.type = type;
    format.bands = std::move(bands);
    format.no_data = no_data;
    format.overviews = Overviews::kAverage;
    format.layout = output_.map_layout;
    format.georeference = raster_.georeference();
    format.metadata = metadata_;
    return format;
  }

  // A map whose numbers are those of classes.
  template <typename LabelOf>
  void WriteClasses(Output output, const ClassTable& classes, std::vector<std::string> mean_names,
                    const LabelOf& label_of) const {
    const bool is_small = classes.size() <= 255;
    MapFormat format =
        FormatOf(is_small ? SampleType::kUint8 : SampleType::kUint16, {{.name = "class"}}, 0);
    format.overviews = Overviews::kNearest;
    format.classes = classes;
    format.counts.resize(classes.size());
    format.mean_names = std::move(mean_names);
    std::vector<std::uint16_t> labels(result_.num_pixels());
    for (std::int64_t i = 0; i < result_.num_pixels(); ++i)
      if ((labels[i] = label_of(i)) > 0) ++format.counts[labels[i] - 1];
    MapWriter map(PathOf(output), format);
    if (is_small)
      map.Write(Whole(), 0, std::vector<std::uint8_t>(labels.begin(), labels.end()).data());
    else
      map.Write(Whole(), 0, labels.data());
    map.Close();
    WriteStagedFile((folder_ / StyleName(stem_, output)).string(), QgisStyle(classes));
  }

  void WriteLabels() const {
    std::vector<std::string> features;
    for (const FeatureInfo& info : result_.planes.layout.info) features.push_back(info.name);
    WriteClasses(Output::kLabels, result_.classes, features,
                 [&](std::int64_t i) { return result_.labels[i]; });
  }

  void WriteAnomalies() const {
    WriteClasses(Output::kAnomalies, MarkTable(), {}, [&](std::int64_t i) {
      return static_cast<std::uint16_t>(
          measures_.anomalies.sample_marks[result_.planes.SampleOf(i)]);
    });
  }

  // value(i) of pixels with data, as the steps have it.
  template <typename T, typename Value>
  void WriteSteps(MapWriter& map, int band, const Steps& steps, const Value& value) const {
    std::vector<T> stored(result_.num_pixels());
    for (std::int64_t i = 0; i < result_.num_pixels(); ++i) {
      const double exact =
          result_.labels[i] == 0 ? steps.no_data : static_cast<double>(value(i)) * steps.steps;
      stored[i] = static_cast<T>(std::lround(exact));
    }
    map.Write(Whole(), band, stored.data());
  }

  void WriteUncertainty() const {
    const std::vector<float> uncertainty = result_.Uncertainty();
    MapWriter map(PathOf(Output::kUncertainty),
                  FormatOf(kSteps8.type, {{"uncertainty", 1 / kSteps8.steps}}, kSteps8.no_data));
    WriteSteps<std::uint8_t>(map, 0, kSteps8,
                             [&](std::int64_t i) { return uncertainty[result_.PlaceOf(i)]; });
    map.Close();
  }

  void WriteProbabilities() const {
    const bool is_float = output_.depth == ProbabilityDepth::kFloat32;
    const Steps& steps = output_.depth == ProbabilityDepth::kUint8 ? kSteps8 : kSteps16;
    const auto num_classes = static_cast<int>(result_.classes.size());
    std::vector<MapBand> bands;
    for (int k = 1; k <= num_classes; ++k)
      bands.push_back({"P(" + std::to_string(k) + ")", is_float ? 1 : 1 / steps.steps});
    MapWriter map(PathOf(Output::kProbabilities),
                  FormatOf(is_float ? SampleType::kFloat32 : steps.type, bands,
                           is_float ? kNaN : steps.no_data));
    const int most =
        ClassesAtATime(result_.num_pixels() * std::int64_t{sizeof(float)}, num_classes);
    for (int first = 1; first <= num_classes; first += most)
      for (int band = first - 1; std::vector<float> & plane :
                                 result_.Posteriors(first, std::min(most, num_classes - first + 1)))
        WritePlane(map, band++, steps, plane);
    map.Close();
  }

  void WritePlane(MapWriter& map, int band, const Steps& steps, std::vector<float>& plane) const {
    const auto value = [&](std::int64_t i) { return plane[i]; };
    switch (output_.depth) {
      case ProbabilityDepth::kUint8:
        return WriteSteps<std::uint8_t>(map, band, steps, value);
      case ProbabilityDepth::kUint16:
        return WriteSteps<std::uint16_t>(map, band, steps, value);
      case ProbabilityDepth::kFloat32:
        break;
    }
    for (std::int64_t i = 0; i < result_.num_pixels(); ++i)
      if (result_.labels[i] == 0) plane[i] = kNaN;
    map.Write(Whole(), band, plane.data());
  }

  std::function<float(std::int64_t)> OfSamples(const std::vector<float>& values) const {
    return [this, &values](std::int64_t i) {
      return result_.labels[i] == 0 ? kNaN : values[result_.planes.SampleOf(i)];
    };
  }

  template <typename ValuesOf>
  void WriteFloats(Output output, const std::vector<std::string>& names,
                   const ValuesOf& values_of) const {
    std::vector<MapBand> bands;
    for (const std::string& name : names) bands.push_back({.name = name});
    MapWriter map(PathOf(output), FormatOf(SampleType::kFloat32, bands, kNaN));
    std::vector<float> plane(result_.num_pixels());
    for (int b = 0; b < static_cast<int>(names.size()); ++b) {
      const auto value = values_of(b);
      for (std::int64_t i = 0; i < result_.num_pixels(); ++i) plane[i] = value(i);
      map.Write(Whole(), b, plane.data());
    }
    map.Close();
  }

  void WriteImputed() const {
    std::vector<std::string> names;
    for (int b = 0; b < raster_.num_bands(); ++b)
      names.push_back(result_.planes.layout.info[b].name);
    WriteFloats(Output::kImputed, names, [&](int b) { return ImputedValue(raster_, result_, b); });
  }

  const boost::filesystem::path& folder_;
  const std::string& stem_;
  const Raster& raster_;
  const Segmentation& result_;
  const Measures& measures_;
  const OutputOptions& output_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

}  // namespace

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

void WriteMaps(const boost::filesystem::path& folder, const std::string& stem, const Raster& raster,
               const Segmentation& segmentation, const Measures& measures,
               const OutputOptions& output) {
  MapOutputs(folder, stem, raster, segmentation, measures, output).Write();
}

}  // namespace gmmseg
