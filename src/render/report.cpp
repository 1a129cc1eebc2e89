#include "render/report.h"

#include <gmmseg/posterior.h>
#include <gmmseg/render.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "base/decimal.h"
#include "render/encoding.h"
#include "render/feature_axes.h"
#include "render/page.h"

namespace gmmseg {
namespace {

using Json = ReportJson;

constexpr double kMostStepValues = 2e5;   // numbers in a page
constexpr double kMostModelValues = 4e6;  // numbers in memory

// Shares and widths: what a plot or a table can show.
double Rounded(double value) { return RoundedTo(5, value); }

// Means may lie close together and far from 0.
double RoundedMean(double value) { return RoundedTo(9, value); }

Json MeansJson(const Eigen::VectorXd& means) {
  Json list = Json::array();
  for (const double value : means) list.push_back(RoundedMean(value));
  return list;
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json NamedTextsJson(const NamedTexts& texts) {
  Json list = Json::array();
  for (const auto& [name, text] : texts) list.push_back({name, text});
  return list;
}

Json ClassesJson(const ClassTable& classes) {
  Json list = Json::array();
  for (const ClassEntry& entry : classes)
    list.push_back({{"index", entry.index},
                    {"name", entry.name},
                    {"color", ToHex(entry.color)},
                    {"weight", Rounded(entry.weight)},
                    {"share", Rounded(entry.share)},
                    {"mean", MeansJson(entry.mean)}});
  return list;
}

// Of each component, its class's place among the classes.
Json ClassOfJson(const Model& model) {
  Json list = Json::array();
  for (int k = 0; k < model.mixture().num_components(); ++k) list.push_back(model.merge.ClassOf(k));
  return list;
}

Json CandidatesJson(const std::vector<Candidate>& candidates) {
  Json list = Json::array();
  for (const Candidate& each : candidates)
    list.push_back({each.requested_components, each.bic_effective});
  return list;
}

// Weight, mean on the axes, covariance between them: its lower triangle row by row.
Json ComponentJson(const GaussianMixture& mixture, int k, const FeatureAxes& axes) {
  Json numbers = {Rounded(mixture.weights[k])};
  for (const int feature : axes.features) numbers.push_back(RoundedMean(mixture.means(k, feature)));
  for (auto row = axes.features.begin(); row != axes.features.end(); ++row)
    for (auto column = axes.features.begin(); column <= row; ++column)
      numbers.push_back(Rounded(mixture.covariances[k](*row, *column)));
  return numbers;
}

Json StepJson(int iteration, const GaussianMixture& mixture, const FeatureAxes& axes) {
  Json components = Json::array();
  for (int k = 0; k < mixture.num_components(); ++k)
    components.push_back(ComponentJson(mixture, k, axes));
  return {{"iteration", iteration}, {"components", components}};
}

Json TraceJson(const Model& model, const FeatureAxes& axes) {
  Json trace = Json::array();
  for (const TracePoint& point : model.fit.trace)
    trace.push_back(StepJson(point.iteration, point.model, axes));
  if (trace.empty()) trace.push_back(StepJson(model.fit.iterations, model.mixture(), axes));
  return trace;
}

// Names and units of these features.
Json FeaturesJson(const FeatureLayout& layout, const std::vector<int>& features) {
  Json list = Json::array();
  for (const int feature : features)
    list.push_back({{"name", layout.info[feature].name}, {"unit", layout.info[feature].unit}});
  return list;
}

Json ModelJson(const Model& model) {
  const FitResult& fit = model.fit;
  const FeatureAxes axes = AxesOf(model.features);
  std::vector<int> all(model.features.info.size());
  std::iota(all.begin(), all.end(), 0);
  return {{"features", FeaturesJson(model.features, all)},
          {"classes", ClassesJson(model.classes)},
          {"class_of", ClassOfJson(model)},
          {"method", ToString(fit.method)},
          {"covariance_type", ToString(fit.model.covariance_type)},
          {"density", fit.method == FitMethod::kMixture && IsDensity(fit.model)},
          {"axes", FeaturesJson(model.features, axes.features)},
          {"projections", axes.projections},
          {"initial_log_likelihood", fit.initial_log_likelihood},
          {"history", fit.history},
          {"iterations", fit.iterations},
          {"converged", fit.converged()},
          {"restarts", fit.restarts},
          {"bic", OrNull(model.bic)},
          {"aic", OrNull(model.aic)},
          {"icl", OrNull(model.icl)},
          {"tissues", Json()},
          {"candidates", CandidatesJson(model.candidates)},
          {"trace", TraceJson(model, axes)}};
}

// Of a mixture that stands for tissues, what was fitted in its place; else null.
Json TissuesJson(const std::optional<FoundTissues>& tissues) {
  if (!tissues) return {};
  const TissueFacts& facts = tissues->facts;
  Json json = {{"image", ToString(facts.preset)},
               {"mixes", facts.num_mixes},
               {"noise", Rounded(facts.deviation)},
               {"field", Json()},
               {"strength", Rounded(facts.strength)}};
  if (!tissues->bias.empty()) json["field"] = {Rounded(facts.bias_least), Rounded(facts.bias_most)};
  return json;
}

// The pure tissues and their mixes, each of the class that it holds more of.
void PutStates(const TissueFacts& facts, Json& model) {
  Json components = Json::array(), class_of = Json::array();
  for (const FoundState& state : facts.states) {
    components.push_back({Rounded(state.weight), RoundedMean(state.mean), Rounded(state.variance)});
    class_of.push_back(state.share > 0.5 ? state.second : state.first);
  }
  model["class_of"] = class_of;
  model["density"] = false;  // the curve is of all states, in the field
  model["trace"] = {{{"iteration", facts.iterations}, {"components", components}}};
}

// The map's colours for 0…1, six digits each.
std::string ColorMapText(ColorMap map) {
  const std::vector<Rgb> palette = HeatPalette(map);
  std::string text;
  for (auto color = palette.begin() + 1; color != palette.end(); ++color)
    text += ToHex(*color).substr(1);
  return text;
}

// No "<" can end the script that the text stands in. A name need not be UTF-8; the text has to be.
std::string ScriptText(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = 0; (at = text.find('<', at)) != text.npos;) text.replace(at, 1, "\\u003c");
  return text;
}

// So that a page of as many cuts as there may be stays below 6 MB.
constexpr std::size_t kMostCutBytes = 45'000;

std::string PhotoUrl(const std::vector<Rgb>& pixels, int width, int height,
                     std::size_t most_bytes) {
  return "data:image/jpeg;base64," + Base64(JpegOf(pixels, width, height, most_bytes));
}

struct PlaneWords {
  const char* name;
  const char* sides;  // left, right, top, bottom
};
PlaneWords WordsOf(CutPlane plane) {
  switch (plane) {
    case CutPlane::kSagittal:
      return {"Sagittal", "PASI"};
    case CutPlane::kCoronal:
      return {"Coronal", "LRSI"};
    case CutPlane::kAxial:
      break;
  }
  return {"Axial", "LRAP"};
}

Json CutsJson(const std::vector<CutSeries>& cuts) {
  Json list = Json::array();
  for (const CutSeries& series : cuts) {
    Json pictures = Json::array();
    for (std::size_t i = 0; i < series.slices.size(); ++i) {
      const CutPicture& picture = series.pictures[i];
      pictures.push_back({series.slices[i],
                          PhotoUrl(picture.pixels, picture.width, picture.height, kMostCutBytes)});
    }
    const PlaneWords words = WordsOf(series.plane);
    list.push_back({{"plane", words.name},
                    {"sides", words.sides},
                    {"width", series.pictures.front().width},
                    {"height", series.pictures.front().height},
                    {"slices", series.num_slices},
                    {"start", series.start},
                    {"pictures", pictures}});
  }
  return list;
}

// The cuts as they are shown first, for a browser without scripts.
std::string StillCuts(const Json& view) {
  std::string figures;
  for (const Json& cut : view.value("cuts", Json::array())) {
    const Json& picture = cut["pictures"][cut["start"].get<std::size_t>()];
    const auto sides = cut["sides"].get<std::string>();
    const auto plane = cut["plane"].get<std::string>();
    const std::string caption = plane + ", slice " + std::to_string(picture[0].get<int>()) +
                                " of " + std::to_string(cut["slices"].get<int>());
    figures.append("<figure style=\"--across: ").append(std::to_string(cut["width"].get<int>()));
    figures.append("\"><img alt=\"").append(caption);
    figures.append("\" src=\"").append(picture[1].get<std::string>()).append("\"><figcaption>");
    figures.append(caption).append(". Left ").append(sides, 0, 1).append(", right ");
    figures.append(sides, 1, 1).append(", top ").append(sides, 2, 1).append(", bottom ");
    figures.append(sides, 3, 1).append(".</figcaption></figure>");
  }
  return figures.empty() ? "" : "<div class=\"cuts\">" + figures + "</div>";
}

void Replace(std::string& text, const std::string& mark, const std::string& by) {
  text.replace(text.find(mark), mark.size(), by);
}

}  // namespace

int TraceLength(int num_components, int num_features, PreviewSize size) {
  const double in_page = kMostStepValues / (10.0 * num_components);
  const double in_memory = kMostModelValues / num_components / num_features / num_features;
  return static_cast<int>(
      std::clamp(std::min(in_page, in_memory), 2.0, static_cast<double>(size.steps)));
}

Json DriftJson(const std::optional<Drift>& drift) {
  if (!drift) return {};
  return {{"unlikely_pixels", Rounded(drift->unlikely_pixels)},
          {"share_distance", Rounded(drift->share_distance)},
          {"flagged", drift->flagged()}};
}

Json ViewJson(const Segmentation& segmentation, const Preview& preview, const ViewFacts& facts,
              PhotoPlace photo, ModelPlace model) {
  const bool has_data = segmentation.num_valid > 0;
  Json view = {{"name", facts.name},
               {"width", segmentation.width},
               {"height", segmentation.height},
               {"depth", segmentation.depth},
               {"bands", facts.num_bands},
               {"pixels_with_data", segmentation.num_valid},
               {"log_likelihood", has_data ? Json(segmentation.log_likelihood) : Json()},
               {"warnings", facts.warnings},
               {"drift", DriftJson(facts.drift)},
               {"match_confidence", OrNull(facts.match_confidence)},
               {"kmeans_difference", OrNull(facts.kmeans_difference)},
               {"applied", facts.applied},
               {"classes", ClassesJson(segmentation.classes)},
               {"files", NamedTextsJson(facts.files)}};
  view["model"] = model == ModelPlace::kView ? ModelJson(segmentation.model) : Json();
  if (segmentation.tissues && model == ModelPlace::kView) {
    view["model"]["tissues"] = TissuesJson(segmentation.tissues);
    PutStates(segmentation.tissues->facts, view["model"]);
  }
  view["seconds"] = facts.seconds.empty() ? Json() : Json(facts.seconds);
  view["preview"] = {{"width", preview.width},
                     {"height", preview.height},
                     {"photo", Json()},
                     {"data", Base64(Deflated(preview.data))}};
  if (photo == PhotoPlace::kEmbedded)
    view["preview"]["photo"] = PhotoUrl(preview.picture, preview.width, preview.height, SIZE_MAX);
  view["cloud"] = {
      {"count", preview.cloud_size}, {"low", preview.cloud_low}, {"high", preview.cloud_high}};
  view["cuts"] = CutsJson(preview.cuts);
  return view;
}

std::string ViewScript(const Json& view) { return kViewScriptStart + ScriptText(view) + ");\n"; }

std::string ReportMark(const std::string& subject) {
  return "data-gmmseg-report=\"" + HtmlEscaped(subject) + "\"";
}

std::string ReportPage(const PageFacts& facts) {
  const Json data = {{"program", GMMSEG_VERSION},
                     {"instruction_set", InstructionSet()},
                     {"date", facts.date},
                     {"kind", facts.images ? "folder" : "image"},
                     {"title", facts.title},
                     {"settings", NamedTextsJson(facts.settings)},
                     {"warnings", facts.warnings},
                     {"viridis", ColorMapText(ColorMap::kViridis)},
                     {"magma", ColorMapText(ColorMap::kMagma)},
                     {"model", facts.model != nullptr ? ModelJson(*facts.model) : Json()},
                     {"images", facts.images.value_or(Json::array())},
                     {"view", facts.view}};
  std::string page = kPageTemplate;
  Replace(page, "<!--CUTS-->", facts.view.is_object() ? StillCuts(facts.view) : "");
  // The data come last: a mark within them stays what it is.
  Replace(page, "data-gmmseg-report=\"<!--SUBJECT-->\"", ReportMark(facts.subject));
  Replace(page, "<!--TITLE-->", HtmlEscaped(facts.title));
  Replace(page, "<!--DATA-->",
          "<script type=\"application/json\" id=\"data\">" + ScriptText(data) + "</script>");
  return page;
}

}  // namespace gmmseg
