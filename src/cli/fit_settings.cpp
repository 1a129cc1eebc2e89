#include "cli/fit_settings.h"

#include <gmmseg/class_names_io.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <gmmseg/model_io.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "features/tempered_position.h"

namespace gmmseg::cli {
namespace {

[[noreturn]] void ThrowContradiction(const Options& options, const std::string& name,
                                     const std::string& model_says) {
  throw ParameterError(name + " contradicts --init-model: " + options.start_path + " has " +
                       model_says + "; leave " + name + " away");
}

// An option that was given must say what the start model says.
template <typename T>
void CheckAgrees(const Options& options, const std::string& name, const std::optional<T>& given,
                 const T& of_model, const std::string& model_says) {
  if (given && *given != of_model) ThrowContradiction(options, name, model_says);
}

void CheckStart(const Options& options, const Model& start) {
  const GaussianMixture& mixture = start.mixture();
  const FeatureSpec& spec = start.features.spec;
  const std::string components = std::to_string(mixture.num_components()) + " components";
  CheckAgrees(options, "-k", options.num_components, mixture.num_components(), components);
  if (options.choose) ThrowContradiction(options, "-k", components);
  CheckAgrees(options, "--covariance", options.covariance_type, mixture.covariance_type,
              std::string(ToString(mixture.covariance_type)));
  CheckAgrees(options, "--position", options.position_weight, spec.position_weight,
              "position weight " + std::to_string(spec.position_weight));
  CheckAgrees(options, "--missing", options.missing, spec.missing,
              "missing values " + std::string(ToString(spec.missing)));
  CheckAgrees(options, "--log", options.scale, spec.scale, FeatureWords(spec));
  CheckAgrees(options, "--pca", options.num_principal, spec.num_principal, FeatureWords(spec));
  if (options.color != ColorSpace::kAuto)
    CheckAgrees(options, "--features", options.color, spec.color, FeatureWords(spec));
  if (options.color != ColorSpace::kAuto || options.texture == Texture::kOn)
    CheckAgrees(options, "--features", options.texture, spec.texture, FeatureWords(spec));
  if (options.restarts.value_or(1) > 1)
    throw ParameterError("--restarts " + std::to_string(*options.restarts) +
                         ": with --init-model there is one start; leave --restarts away");
}

void CheckCovariance(const Options& options) {
  if (options.segment.fit.method == FitMethod::kKMeans && options.covariance_type)
    throw ParameterError("--covariance " + std::string(ToString(*options.covariance_type)) +
                         ": the classes of --method kmeans are balls of one size; leave "
                         "--covariance away");
}

SegmentOptions FitSettings(const Options& options) {
  SegmentOptions settings = options.segment;
  if (options.num_components)
    settings.fit.num_components = *options.num_components;
  else if (options.source != ModelSource::kMatched)
    settings.choose = options.choose.value_or(ComponentRange());
  settings.features.color = options.color.value_or(settings.features.color);
  settings.features.texture = options.texture.value_or(settings.features.texture);
  settings.features.position_weight =
      options.position_weight.value_or(settings.features.position_weight);
  settings.features.missing = options.missing.value_or(settings.features.missing);
  settings.features.scale = options.scale.value_or(settings.features.scale);
  settings.features.num_principal = options.num_principal.value_or(settings.features.num_principal);
  settings.fit.covariance_type = options.covariance_type.value_or(settings.fit.covariance_type);
  settings.fit.restarts = options.restarts.value_or(settings.fit.restarts);
  return settings;
}

// Also where they are those that every class has unless it is named.
ClassNames NamesIn(const Model& model) {
  ClassNames names;
  for (const ClassEntry& entry : model.classes) names[entry.index] = {entry.name, entry.color};
  return names;
}

SegmentOptions FitSettings(const Options& options, const Model& start) {
  CheckStart(options, start);
  SegmentOptions settings = options.segment;
  settings.features = start.features.spec;
  const bool frozen = options.segment.fit.freeze == Freeze::kOn;
  (frozen ? settings.fit.known : settings.fit.start) = start.mixture();
  settings.fit.num_components = start.mixture().num_components();
  settings.fit.covariance_type = start.mixture().covariance_type;
  if (frozen && !start.merge.class_of.empty())
    throw ParameterError("--freeze holds components, and those of " + options.start_path +
                         " are merged to classes; apply it as it is, or leave --freeze away");
  if (frozen) settings.class_names = NamesIn(start);
  if (settings.num_classes == 0 && !start.merge.class_of.empty())
    settings.num_classes = static_cast<int>(start.classes.size());
  return settings;
}

// An image whose strokes cannot be read says so when its turn comes.
std::vector<std::uint16_t> LabelsIfReadable(const std::string& path) {
  try {
    return LoadLabels(path).labels;
  } catch (const IoError&) {
    return {};
  }
}

// Without a number, there are as many classes as the strokes have.
void StartFromScribbles(const Options& options, const std::vector<std::string>& paths,
                        SegmentOptions& settings) {
  settings.scribbles = Scribbles::kStart;
  settings.choose.reset();
  if (options.num_components) return;
  std::set<std::uint16_t> painted;
  for (const std::string& path : std::set(paths.begin(), paths.end())) {
    const std::vector<std::uint16_t> labels = LabelsIfReadable(path);
    painted.insert(labels.begin(), labels.end());
  }
  painted.erase(0);
  const int last = painted.empty() ? 1 : *painted.rbegin();
  if (!painted.empty() && 2 * std::ssize(painted) < last)
    throw ParameterError("--scribbles " + options.scribbles + ": the largest number is " +
                         std::to_string(last) + ", and only " +
                         Count(std::ssize(painted), "number has", "numbers have") +
                         " strokes; number the classes 1, 2, …, or say by -k how many there are");
  settings.fit.num_components = last;
}

// Three tissues in place of a free mixture.
void TakePreset(const Options& options, SegmentOptions& settings) {
  const auto needs_preset = [&](bool given, const std::string& name) {
    if (given && !options.tissues)
      throw ParameterError(name + " goes with --preset; give that, or leave " + name + " away");
  };
  needs_preset(options.bias.has_value(), "--bias");
  needs_preset(options.diagonal_neighbours.has_value(), "--neighbours");
  needs_preset(!options.tissue_maps.empty(), "--priors");
  if (!options.tissues) return;
  if (options.source == ModelSource::kShared || options.source == ModelSource::kMatched)
    throw ParameterError(
        "--preset gives each image a model of its own; leave --shared-model and "
        "--match away");
  const bool is_on = options.segment.fit.acceleration == Acceleration::kOn;
  if (options.acceleration_given)
    throw ParameterError(std::string("--accelerate ") + (is_on ? "on" : "off") +
                         ": tissues of --preset are found by plain EM; leave --accelerate away");
  TissueOptions& tissues = settings.tissues.emplace(*options.tissues);
  if (options.bias.value_or(false) && tissues.preset == TissuePreset::kCt)
    throw ParameterError("--bias: images of --preset ct have no such field; leave --bias away");
  tissues.bias = options.bias.value_or(tissues.preset != TissuePreset::kCt);
  tissues.bias_resolution = options.bias_resolution.value_or(tissues.bias_resolution);
  tissues.diagonal_neighbours = options.diagonal_neighbours.value_or(false);
  if (!options.num_components && !options.choose) {
    constexpr int kTissues = 3;
    settings.choose.reset();
    settings.fit.num_components = kTissues;
  }
  settings.fit.covariance_type = options.covariance_type.value_or(CovarianceType::kTied);
  if (!options.smooth_given) settings.smooth.method = SmoothMethod::kAuto;
}

ClassNames NamesOf(const Options& options) {
  return options.names_path.empty() ? ClassNames() : ReadClassNames(options.names_path);
}

}  // namespace

SegmentOptions SettingsOf(const Options& options, const std::vector<std::string>& scribbles) {
  CheckCovariance(options);
  SegmentOptions settings = options.start_path.empty()
                                ? FitSettings(options)
                                : FitSettings(options, ReadModel(options.start_path));
  if (!options.scribbles.empty()) StartFromScribbles(options, scribbles, settings);
  TakePreset(options, settings);
  for (const auto& [index, name] : NamesOf(options)) settings.class_names[index] = name;
  CheckChoice(settings);
  return settings;
}

Model ModelToApply(const Options& options) {
  Model model = ReadModel(options.model_path);
  const ClassNames names = NamesOf(options);
  CheckClassNames(names, static_cast<int>(model.classes.size()));
  NameClasses(model.classes, names);
  return model;
}

OutputOptions OutputsOf(const Options& options, const FeatureSpec& features,
                        const OutputSet& impossible) {
  OutputOptions output = options.output;
  const auto leave_out = [&outputs = output.outputs](const OutputSet& kinds) {
    for (const Output kind : kinds) outputs.erase(kind);
  };
  const bool takes_all = output.outputs == AllOutputs();
  if (options.default_outputs || takes_all) output.if_possible = {Output::kVolumes};
  if (takes_all) {
    leave_out(RegionOnlyOutputs());
    if (IsTempered(features)) leave_out(DensityOutputs());
    if (features.missing == MissingValues::kSkip) leave_out({Output::kImputed});
    leave_out(impossible);
  }
  output.keep = FilesTaken(options);
  return output;
}

OutputOptions RegionOutputsOf(const Options& options) {
  OutputOptions output = options.output;
  if (output.outputs == AllOutputs()) output.outputs = RegionOutputs();
  return output;
}

std::vector<std::string> FilesTaken(const Options& options) {
  std::vector<std::string> files = {options.model_path, options.start_path, options.names_path,
                                    options.mask,       options.weight_map, options.scribbles};
  for (const std::vector<std::string>* more : {&options.read.channels, &options.tissue_maps})
    files.insert(files.end(), more->begin(), more->end());
  std::erase(files, "");
  return files;
}

}  // namespace gmmseg::cli
