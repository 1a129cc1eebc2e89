#include "cli/json_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/folder_report.h"
#include "cli/messages.h"
#include "io/candidate_json.h"
#include "io/merge_json.h"

namespace gmmseg::cli {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json ClassesJson(const ClassTable& classes, const std::vector<ClassVolume>& volumes) {
  Json array = Json::array();
  for (const ClassEntry& entry : classes)
    array.push_back(
        {{"index", entry.index},
         {"name", entry.name},
         {"color", ToHex(entry.color)},
         {"weight", entry.weight},
         {"share", entry.share},
         {"mean", std::vector<double>(entry.mean.data(), entry.mean.data() + entry.mean.size())}});
  for (std::size_t k = 0; k < volumes.size(); ++k)
    array[k].update({{"voxels", volumes[k].voxels},
                     {"ml", volumes[k].ml},
                     {"ml_weighted", volumes[k].ml_weighted}});
  return array;
}

Json FitJson(const Model& model) {
  const FitResult& fit = model.fit;
  Json rescues = Json::array();
  for (const Rescue& rescue : fit.rescues)
    rescues.push_back({{"iteration", rescue.iteration},
                       {"component", rescue.component + 1},
                       {"dropped", rescue.dropped}});
  Json json = {{"components_requested", fit.requested_components},
               {"method", ToString(fit.method)},
               {"covariance_type", ToString(fit.model.covariance_type)},
               {"prior_share", fit.prior.share},
               {"iterations", fit.iterations},
               {"stop_reason", ToString(fit.stop_reason)},
               {"converged", fit.converged()},
               {"log_likelihood_per_pixel", fit.log_likelihood},
               {"initial_log_likelihood_per_pixel", fit.initial_log_likelihood},
               {"history", fit.history},
               {"restarts", fit.restarts},
               {"restart_log_likelihoods", fit.restart_log_likelihoods},
               {"rescues", rescues},
               {"at_floor", fit.at_floor},
               {"seed", model.seed},
               {"bic", OrNull(model.bic)},
               {"aic", OrNull(model.aic)},
               {"icl", OrNull(model.icl)}};
  if (!model.candidates.empty()) json["candidates"] = CandidatesJson(model.candidates);
  AddMergeJson(model.merge, json);
  return json;
}

Json FeatureNames(const FeatureLayout& layout) {
  Json names = Json::array();
  for (const FeatureInfo& info : layout.info) names.push_back(info.name);
  return names;
}

Json SecondsJson(const JobSeconds& seconds) {
  return {{"read", seconds.read},     {"features", seconds.features}, {"fit", seconds.fit},
          {"labels", seconds.labels}, {"write", seconds.write},       {"total", seconds.total}};
}

Json DriftJson(const std::optional<Drift>& drift) {
  if (!drift) return {};
  return {{"unlikely_pixels", drift->unlikely_pixels},
          {"share_distance", drift->share_distance},
          {"flagged", drift->flagged()}};
}

Json AnomaliesJson(const AnomalyCounts& counts, std::int64_t num_valid) {
  const auto share = [num_valid](std::int64_t pixels) {
    return num_valid > 0 ? static_cast<double>(pixels) / static_cast<double>(num_valid) : 0.0;
  };
  return {{"rate", counts.rate},
          {"log_density_threshold", OrNull(counts.log_density_threshold)},
          {"unlikely_pixels", counts.num_unlikely},
          {"unlikely_share", share(counts.num_unlikely)},
          {"outlier_pixels", counts.num_outliers},
          {"outlier_share", share(counts.num_outliers)},
          {"both_pixels", counts.num_both},
          {"both_share", share(counts.num_both)}};
}

Json SmoothingJson(const Smoothing& done) {
  Json json = {{"method", ToString(done.method)}};
  if (done.method == SmoothMethod::kPotts) {
    json["beta"] = done.beta;
    json["temper"] = done.temper;
    json["sweeps"] = done.num_sweeps;
    json["energies_per_pixel"] = done.energies;
  }
  json["pieces_moved"] = done.pieces_moved;
  json["pixels_moved"] = done.pixels_moved;
  json["seconds"] = done.seconds;
  return json;
}

Json TissuesJson(const TissueFacts& facts) {
  return {{"foreground_voxels", facts.num_foreground},
          {"foreground_threshold", OrNull(facts.threshold)},
          {"left_out_voxels", facts.num_left_out},
          {"noise_deviation", facts.deviation},
          {"bias_least", facts.bias_least},
          {"bias_most", facts.bias_most},
          {"smoothing_strength", facts.strength},
          {"energies_per_voxel", facts.energies}};
}

const char* CommandName(Command command) {
  return command == Command::kApply ? "apply" : "segment";
}

void AddClassesJson(const JobResult& result, Command command, Json& report) {
  report["features"] = FeatureNames(result.model.features);
  report["position_weight"] = result.model.features.spec.position_weight;
  report["components"] = result.model.mixture().num_components();
  report["log_likelihood_per_pixel"] = result.log_likelihood;
  report["classes"] = ClassesJson(result.classes, result.volumes);
  report["smoothing"] = SmoothingJson(result.smoothing);
  if (result.tissues) report["tissues"] = TissuesJson(*result.tissues);
  if (command == Command::kSegment) report["fit"] = FitJson(result.model);
  if (command == Command::kApply) report["drift"] = DriftJson(result.drift);
}

Json SceneJson(const SceneTotals& scene) {
  return {{"exact", scene.exact},
          {"sampled_pixels", scene.num_sampled},
          {"passes", scene.num_passes},
          {"cells_resumed", scene.cells_resumed},
          {"planned_bytes", scene.planned_bytes},
          {"peak_bytes", scene.peak_bytes}};
}

Json RegionsJson(const RegionTotals& regions) {
  return {{"count", regions.num_regions},
          {"leaves", regions.num_leaves},
          {"level", std::isfinite(regions.level) ? Json(regions.level) : Json()}};
}

Json Report(const JobResult& result, Command command) {
  Json report = {{"program", "segment"},
                 {"version", GMMSEG_VERSION},
                 {"command", CommandName(command)},
                 {"input", result.input},
                 {"width", result.width},
                 {"height", result.height},
                 {"depth", result.depth},
                 {"bands", result.num_bands},
                 {"pixels", result.num_pixels()},
                 {"pixels_with_data", result.num_valid}};
  if (result.regions)
    report["regions"] = RegionsJson(*result.regions);
  else
    AddClassesJson(result, command, report);
  if (result.anomalies) report["anomalies"] = AnomaliesJson(*result.anomalies, result.num_valid);
  if (result.instability)
    report["instability"] = {{"mean", result.instability->mean},
                             {"restarts", result.instability->num_restarts}};
  if (result.match_confidence) report["match_confidence"] = *result.match_confidence;
  if (result.kmeans_difference) report["kmeans_difference"] = *result.kmeans_difference;
  report["warnings"] = result.warnings;
  report["output_directory"] = result.directory;
  report["outputs"] = result.files;
  report["removed"] = result.stale;
  if (result.scene) report["scene"] = SceneJson(*result.scene);
  report["seconds"] = SecondsJson(result.seconds);
  report["threads"] = result.threads;
  report["instruction_set"] = result.instruction_set;
  return report;
}

// A file name need not be UTF-8; the document has to be.
std::string Text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string JsonReport(const JobResult& result, Command command) {
  return Text(Report(result, command), 2);
}

std::string JsonLine(const ImageReport& report, const Options& options) {
  const ImageRecord& record = report.record;
  const bool done = record.status == ImageStatus::kDone;
  Json line = {{"input", report.file.path},
               {"status", report.kept ? "kept"
                          : done      ? "done"
                                      : "failed"}};
  if (report.result != nullptr) {
    line.update(Report(*report.result, CommandOn(report)));
    line["command"] = CommandName(options.command);
  } else if (done && record.num_regions) {
    line["regions"] = {{"count", *record.num_regions}};
    line["warnings"] = record.warnings;
    line["outputs"] = record.outputs;
  } else if (done) {
    line["log_likelihood_per_pixel"] = record.log_likelihood;
    line["shares"] = record.shares;
    line["drift"] = DriftJson(record.drift);
    if (record.match_confidence) line["match_confidence"] = *record.match_confidence;
    line["warnings"] = record.warnings;
    line["outputs"] = record.outputs;
  } else {
    line["message"] = record.message;
  }
  return Text(line, -1);
}

std::string PlanJsonLine(const InputFile& file) {
  return Text({{"input", file.path}, {"status", "to do"}}, -1);
}

}  // namespace gmmseg::cli
