#include "cli/eval_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/csv_field.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/messages.h"
#include "io/json_text.h"

namespace gmmseg::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr Word<Measure> kHeadings[] = {
    {Measure::kCovering, "covering"},
    {Measure::kRandIndex, "PRI"},
    {Measure::kVariationOfInformation, "VOI"},
    {Measure::kAdjustedRandIndex, "ARI"},
    {Measure::kMutualInformation, "NMI"},
    {Measure::kAccuracy, "accuracy"},
    {Measure::kBoundaryF, "F"},
    {Measure::kDice, "Dice"},
    {Measure::kJaccard, "Jaccard"},
    {Measure::kHausdorff95, "HD95"},
};

struct Row {
  std::string name;
  Scores scores;
};

std::vector<Row> ImageRows(const EvalReport& report) {
  const std::vector<ImageScores>& images = report.scores.front();
  std::vector<Row> rows;
  for (std::size_t i = 0; i < images.size(); ++i)
    rows.push_back({OneLine(report.inputs.images[i].name), images[i].scores});
  if (images.size() > 1)
    rows.push_back({Format("all %zu images", images.size()), ScoresOfSet(images)});
  return rows;
}

std::vector<Row> SettingRows(const EvalReport& report) {
  std::vector<Row> rows;
  for (std::size_t s = 0; s < report.scores.size(); ++s)
    rows.push_back({OneLine(report.inputs.settings[s]), ScoresOfSet(report.scores[s])});
  rows.push_back({"ODS", report.comparison.optimal_dataset_scale});
  rows.push_back({"OIS", report.comparison.optimal_image_scale});
  Scores best;
  best[Measure::kCovering] = report.comparison.best_covering;
  rows.push_back({"best", best});
  return rows;
}

// Code points, which most terminals show as a column each.
std::size_t Columns(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string Padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, Columns(text)), ' ');
}

std::string Cell(const std::string& text, Measure measure) {
  constexpr std::size_t kLeast = 6;
  const std::size_t width = 2 + std::max(kLeast, ToWord(measure, kHeadings).size());
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string ValueText(const std::optional<double>& value) {
  if (!value) return "-";
  if (std::abs(*value) < 0.00005) return "0.0000";  // and not -0.0000
  return Format(*value < 10 ? "%.4f" : *value < 1000 ? "%.2f" : "%.1f", *value);
}

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json ScoresJson(const Scores& scores) {
  Json json;
  for (const Measure measure : kMeasures)
    json[std::string(ToString(measure))] = OrNull(scores[measure]);
  return json;
}

Json TruthJson(const std::string& path, const TruthScores& truth) {
  Json classes = Json::array();
  for (const ClassScore& score : truth.classes)
    classes.push_back({{"class", score.label},
                       {"dice", score.dice},
                       {"jaccard", score.jaccard},
                       {"hausdorff95", OrNull(score.hausdorff95)}});
  return {{"truth", path}, {"scores", ScoresJson(truth.scores)}, {"classes", classes}};
}

Json ImageJson(const EvalImage& image, std::size_t setting, const ImageScores& scores) {
  Json truths = Json::array();
  for (std::size_t t = 0; t < scores.truths.size(); ++t)
    truths.push_back(TruthJson(image.truths[t], scores.truths[t]));
  return {{"image", image.name},
          {"prediction", image.predictions[setting]},
          {"scores", ScoresJson(scores.scores)},
          {"boundary_precision", scores.boundary.precision()},
          {"boundary_recall", scores.boundary.recall()},
          {"truths", truths}};
}

Json SettingJson(const EvalReport& report, std::size_t setting) {
  Json images = Json::array();
  for (std::size_t i = 0; i < report.inputs.images.size(); ++i)
    images.push_back(ImageJson(report.inputs.images[i], setting, report.scores[setting][i]));
  return {{"setting", report.inputs.settings[setting]},
          {"scores", ScoresJson(ScoresOfSet(report.scores[setting]))},
          {"images", images}};
}

Json BestSettingsJson(const EvalReport& report) {
  Json json;
  for (const Measure measure : kMeasures) {
    const std::size_t best = report.comparison.best_setting[static_cast<std::size_t>(measure)];
    json[std::string(ToString(measure))] = report.comparison.optimal_dataset_scale[measure]
                                               ? Json(report.inputs.settings[best])
                                               : Json();
  }
  return json;
}

Json OptionsJson(const EvaluationOptions& options) {
  return {{"ignore_label", options.ignored_label ? Json(*options.ignored_label) : Json()},
          {"classes", ToString(options.classes)},
          {"pieces", options.regions == PredictedRegions::kPieces},
          {"boundary_tolerance", options.boundary_tolerance}};
}

std::string CsvRow(const std::string& setting, const EvalImage& image, std::size_t s,
                   const Scores& scores) {
  std::string row = CsvField(setting) + "," + CsvField(image.name) + "," +
                    CsvField(image.predictions[s]) + Format(",%zu", image.truths.size());
  for (const Measure measure : kMeasures)
    row += scores[measure] ? Format(",%.15g", *scores[measure]) : ",";
  return row + "\n";
}

}  // namespace

std::string TableText(const EvalReport& report) {
  const bool has_settings = report.scores.size() > 1;
  const std::vector<Row> rows = has_settings ? SettingRows(report) : ImageRows(report);
  const std::string corner = has_settings ? "setting" : "image";
  std::vector<Measure> shown;
  std::ranges::copy_if(kMeasures, std::back_inserter(shown), [&rows](Measure measure) {
    return std::ranges::any_of(rows,
                               [=](const Row& row) { return row.scores[measure].has_value(); });
  });
  std::size_t columns = corner.size();
  for (const Row& row : rows) columns = std::max(columns, Columns(row.name));

  std::string text = Padded(corner, columns);
  for (const Measure measure : shown)
    text += Cell(std::string(ToWord(measure, kHeadings)), measure);
  text += "\n";
  for (const Row& row : rows) {
    text += Padded(row.name, columns);
    for (const Measure measure : shown) text += Cell(ValueText(row.scores[measure]), measure);
    text += "\n";
  }
  return text;
}

std::string CsvText(const EvalReport& report) {
  std::string text = "setting,image,prediction,truths";
  for (const Measure measure : kMeasures) text.append(",").append(ToString(measure));
  text += "\n";
  for (std::size_t s = 0; s < report.scores.size(); ++s)
    for (std::size_t i = 0; i < report.inputs.images.size(); ++i)
      text +=
          CsvRow(report.inputs.settings[s], report.inputs.images[i], s, report.scores[s][i].scores);
  return text;
}

std::string JsonText(const EvalReport& report) {
  Json settings = Json::array();
  for (std::size_t s = 0; s < report.scores.size(); ++s) settings.push_back(SettingJson(report, s));
  Json json = {{"program", "segment"},
               {"version", GMMSEG_VERSION},
               {"command", "eval"},
               {"options", OptionsJson(report.options)},
               {"num_images", report.inputs.images.size()},
               {"ods", ScoresJson(report.comparison.optimal_dataset_scale)},
               {"ods_setting", BestSettingsJson(report)},
               {"ois", ScoresJson(report.comparison.optimal_image_scale)},
               {"best_covering", report.comparison.best_covering},
               {"settings", settings}};
  if (report.seconds) json["seconds"] = *report.seconds;
  return ToText(json);
}

}  // namespace gmmseg::cli
