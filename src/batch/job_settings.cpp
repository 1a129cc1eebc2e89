#include "batch/job_settings.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "base/hash.h"
#include "base/text.h"
#include "batch/write_outputs.h"
#include "io/model_format.h"
#include "segment/training_inputs.h"

namespace gmmseg {
namespace {

// The shortest text that reads back as the same number.
std::string Number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// Model and mixture alike: the numbers of a start.
std::string StartText(const FitOptions& fit) {
  const std::optional<GaussianMixture>& start = fit.start ? fit.start : fit.known;
  if (!start) return "none";
  std::string numbers;
  const auto add = [&numbers](const auto& matrix) {
    for (const double x : matrix.reshaped()) numbers += Number(x) + " ";
  };
  add(start->weights);
  add(start->means);
  for (const Eigen::MatrixXd& covariance : start->covariances) add(covariance);
  return ContentHash(numbers);
}

std::string NamesText(const ClassNames& names) {
  if (names.empty()) return "none";
  std::string text;
  for (const auto& [index, named] : names)
    text += std::to_string(index) + " " + (named.color ? ToHex(*named.color) : "-") + " " +
            named.name + "\n";
  return ContentHash(text);
}

std::string ComponentsText(const SegmentOptions& options) {
  if (!options.choose) return std::to_string(options.fit.num_components);
  return std::to_string(options.choose->least) + ":" + std::to_string(options.choose->most);
}

const char* OnOff(bool on) { return on ? "on" : "off"; }

template <typename T>
std::string NumberOrAuto(const std::optional<T>& value) {
  return value ? Number(*value) : "auto";
}

// Everything that decides how the classes are smoothed; nothing where they are not.
NamedTexts SmoothSettings(const SmoothOptions& options) {
  NamedTexts settings;
  if (options.Smooths()) {
    settings = {{"smooth", std::string(ToString(options.method))},
                {"beta", NumberOrAuto(options.beta)},
                {"temper", NumberOrAuto(options.temper)},
                {"max_sweeps", std::to_string(options.max_sweeps)},
                {"sweep_tolerance", Number(options.tolerance)},
                {"radius", std::to_string(options.radius)},
                {"epsilon", Number(options.epsilon)},
                {"subsampling", std::to_string(options.subsampling)}};
    if (options.contrast) settings.emplace_back("contrast", Number(*options.contrast));
  }
  if (options.min_size > 1) settings.emplace_back("min_size", std::to_string(options.min_size));
  return settings;
}

// The same for people.
void AddShownSmoothing(const SmoothOptions& options, NamedTexts& shown) {
  if (options.Smooths()) {
    const std::string word(ToString(options.method));
    shown.emplace_back("smoothing", options.beta ? word + ", beta " + Number(*options.beta) : word);
  }
  if (options.min_size > 1)
    shown.emplace_back("pixels of the smallest piece", std::to_string(options.min_size));
}

void AddTissueSettings(const TissueOptions& tissues, NamedTexts& settings) {
  settings.emplace_back("preset", std::string(ToString(tissues.preset)));
  settings.emplace_back("bias", tissues.bias ? Number(tissues.bias_resolution) : "off");
  settings.emplace_back("mixes", std::to_string(tissues.num_mixes));
  settings.emplace_back("neighbours", tissues.diagonal_neighbours ? "26" : "6");
}

std::string OnOneLine(const NamedTexts& settings) {
  std::string text;
  for (const auto& [name, value] : settings) text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

}  // namespace

NamedTexts FitSettings(const SegmentOptions& options) {
  const FitOptions& fit = options.fit;
  NamedTexts settings = {
      {"version", GMMSEG_VERSION},
      {"features", FeatureWords(options.features)},
      {"position", Number(options.features.position_weight)},
      {"missing", std::string(ToString(options.features.missing))},
      {"shrinkage", NumberOrAuto(options.shrinkage)},
      {"k", ComponentsText(options)},
      {"classes", options.num_classes > 0 ? std::to_string(options.num_classes) : "k"},
      {"method", std::string(ToString(fit.method))},
      {"covariance", std::string(ToString(fit.covariance_type))},
      {"init", std::string(ToString(fit.init))},
      {"start", StartText(fit)},
      {"scribbles", OnOff(options.scribbles == Scribbles::kStart)},
      {"freeze", OnOff(fit.freeze == Freeze::kOn)},
      {"restarts", std::to_string(fit.restarts)},
      {"subsample", std::to_string(fit.subsample_size)},
      {"tolerance", Number(fit.tolerance)},
      {"max_iterations", std::to_string(fit.max_iterations)},
      {"accelerate", OnOff(fit.acceleration == Acceleration::kOn)},
      {"rescues", std::to_string(fit.max_rescues)},
      {"floor", OnOff(options.floor == Floor::kOn)},
      {"seed", std::to_string(fit.seed)},
      {"class_names", NamesText(options.class_names)}};
  if (options.tissues) AddTissueSettings(*options.tissues, settings);
  return settings;
}

namespace {

// What the settings that are no option's name are called on a page.
std::string ShownName(std::string name) {
  if (name == "k") return "components asked for";
  if (name == "classes") return "classes to merge them to";
  if (name == "position") return "weight of the position";
  if (name == "subsample") return "pixels the starts are tried on";
  if (name == "rescues") return "most rescues";
  if (name == "start") return "model to start from";
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

NamedTexts ShownSettings(const SegmentOptions& options) {
  // Of a free mixture alone.
  const std::set<std::string> not_of_tissues = {
      "features", "position",  "missing", "shrinkage", "k",          "classes", "method",
      "start",    "scribbles", "freeze",  "subsample", "accelerate", "rescues", "floor"};
  NamedTexts shown;
  for (auto [name, value] : FitSettings(options)) {
    const bool is_hash = name == "start" || name == "class_names";
    if (name == "version" || (is_hash && value == "none")) continue;
    if (options.tissues && not_of_tissues.contains(name)) continue;
    if (name == "classes" && options.num_classes == 0) continue;
    shown.emplace_back(ShownName(name), is_hash ? "given" : value);
  }
  AddShownSmoothing(options.smooth, shown);
  return shown;
}

NamedTexts ShownSettings(const Model& model, const SmoothOptions& smooth) {
  const FeatureSpec& spec = model.features.spec;
  const std::string inputs = TrainingInputsText(model);
  NamedTexts shown = {{"features", FeatureWords(spec)},
                      {"position", Number(spec.position_weight)},
                      {"missing", std::string(ToString(spec.missing))},
                      {"k", std::to_string(model.mixture().num_components())},
                      {"classes", std::to_string(model.classes.size())},
                      {"method", std::string(ToString(model.fit.method))},
                      {"covariance", std::string(ToString(model.mixture().covariance_type))},
                      {"seed", std::to_string(model.seed)},
                      {"model fitted to", inputs.empty() ? "unknown" : inputs}};
  AddShownSmoothing(smooth, shown);
  return shown;
}

NamedTexts RegionSettings(const RegionOptions& options) {
  return {{"regions", options.num_regions ? std::to_string(*options.num_regions) : "auto"},
          {"level", Number(options.level)},
          {"components", std::to_string(options.num_components)},
          {"mixtures", std::to_string(options.num_mixtures)},
          {"seed", std::to_string(options.seed)}};
}

std::string FitSettingsText(const SegmentOptions& options) {
  return OnOneLine(FitSettings(options));
}

std::string SettingsDifference(const std::string& there, const std::string& here) {
  std::istringstream old_words(there), new_words(here);
  std::string difference, old_word, new_word;
  while (old_words >> old_word && new_words >> new_word)
    if (old_word != new_word)
      difference += (difference.empty() ? "" : "; ") + old_word + " there, " + new_word + " here";
  return difference;
}

std::string SettingsHash(const FolderOptions& options, const std::string& model_hash) {
  std::string text = "version=" GMMSEG_VERSION " outputs=";
  for (const Output output : options.output.outputs) text += std::string(ToString(output)) + ",";
  text += " depth=" + std::to_string(static_cast<int>(options.output.depth));
  if (options.output.naming == Naming::kBids) text += " naming=bids";
  if (options.output.map_layout != MapLayout::kTiled) text += " cog";
  if (NeedsAnomalies(options.output.outputs))
    text += " anomaly_rate=" + Number(options.output.anomaly_rate);
  if (options.output.display_window)
    text += " display_window=" + Number(options.output.display_window->centre) + "," +
            Number(options.output.display_window->width);
  for (const std::int64_t slice : options.output.slices) text += " slice=" + std::to_string(slice);
  text.append(" model=").append(model_hash);
  if (options.regions)
    text.append(" ").append(OnOneLine(RegionSettings(*options.regions)));
  else if (FitsEachImage(options.source))
    text.append(" ").append(FitSettingsText(options.segment));
  if (!options.segment.smooth.IsOff())
    text.append(" ").append(OnOneLine(SmoothSettings(options.segment.smooth)));
  return ContentHash(text);
}

std::string HashOf(const Model& model) { return ContentHash(ModelText(model)); }

}  // namespace gmmseg
