#include "cli/stats_report.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace gmmseg::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* CommandName(Command command) {
  switch (command) {
    case Command::kMerge:
      return "merge";
    case Command::kUpdate:
      return "update";
    default:
      return "stats";
  }
}

// A tempered mixture climbs an objective, which is no likelihood.
const char* ValueName(const Model& model) {
  return IsDensity(model.mixture()) ? "log-likelihood" : "objective";
}

std::string StepText(const ModelUpdate& update) {
  return Format(" before the step, %.3g or more higher after it (%s)", update.gain,
                update.model.fit.converged() ? "converged" : "not converged");
}

}  // namespace

std::string LineText(const StatsReport& report) {
  std::string text = Count(report.num_images, "image", "images") +
                     Format(", %lld pixels with data", static_cast<long long>(report.num_pixels));
  if (report.log_likelihood)
    text += Format(", %s %.4f per pixel", ValueName(*report.model), *report.log_likelihood);
  if (report.update != nullptr) text += StepText(*report.update);
  return text + Format(", %.2f s -> ", report.seconds) + report.output;
}

std::string JsonText(const StatsReport& report) {
  Json json = {{"program", "segment"},
               {"version", GMMSEG_VERSION},
               {"command", CommandName(report.command)},
               {"images", report.num_images},
               {"pixels_with_data", report.num_pixels}};
  if (report.model != nullptr)
    json["log_likelihood_per_pixel"] =
        report.log_likelihood ? Json(*report.log_likelihood) : Json();
  if (report.update != nullptr) {
    json["gain_per_pixel"] = report.update->gain;
    json["converged"] = report.update->model.fit.converged();
    json["classes_lost"] = report.update->lost;
  }
  json["output"] = report.output;
  json["seconds"] = report.seconds;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gmmseg::cli
