#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "io/candidate_json.h"
#include "io/json_lists.h"
#include "io/json_text.h"
#include "io/merge_json.h"
#include "io/model_format.h"
#include "io/staged_file.h"

namespace gmmseg {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

// What an update cannot know.
Json OrNull(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

Json Features(const Model& model) {
  Json features = Json::array();
  for (std::size_t d = 0; d < model.features.info.size(); ++d) {
    const FeatureInfo& info = model.features.info[d];
    features.push_back({{"name", info.name},
                        {"source", info.source},
                        {"unit", info.unit},
                        {"offset", model.standardization.offset[d]},
                        {"scale", model.standardization.scale[d]}});
  }
  return features;
}

Json SpecJson(const FeatureSpec& spec) {
  Json json = {{"color", ToString(spec.color)},
               {"position_weight", spec.position_weight},
               {"missing", ToString(spec.missing)},
               {"texture", ToString(spec.texture)},
               {"scale", ToString(spec.scale)}};
  if (spec.projection)
    json["principal_components"] = {{"mean", JsonNumbers(spec.projection->mean)},
                                    {"rows", JsonRows(spec.projection->rows)}};
  return json;
}

Json Blocks(const Model& model) {
  const bool fitted = model.mixture().num_components() > 0;
  if (fitted && model.mixture().blocks != model.features.blocks)
    throw InternalError("the model's blocks are not those of its features; please report this");
  return JsonBlocks(model.features.blocks);
}

Json Rescues(const FitResult& fit) {
  return JsonList(fit.rescues, [](const Rescue& rescue) {
    return Json{{"iteration", rescue.iteration},
                {"component", rescue.component + 1},  // index at that time, from 1
                {"dropped", rescue.dropped}};
  });
}

Json Classes(const ClassTable& classes) {
  return JsonList(classes, [](const ClassEntry& entry) {
    return Json{{"index", entry.index},         {"name", entry.name},
                {"color", ToHex(entry.color)},  {"weight", entry.weight},
                {"share", OrNull(entry.share)}, {"mean", JsonNumbers(entry.mean)}};
  });
}

Json Training(const Model& model) {
  return {
      {"inputs", JsonList(model.inputs,
                          [](const TrainingInput& input) {
                            return Json{{"name", input.name}, {"hash", input.hash}};
                          })},
      {"log_density_quantiles", JsonList(model.log_density_quantiles, [](const DensityQuantile& q) {
         return Json{{"probability", q.probability}, {"value", q.log_density}};
       })}};
}

void AddMixture(const Model& model, Json& json) {
  const GaussianMixture& mixture = model.mixture();
  json["method"] = ToString(model.fit.method);
  json["k"] = mixture.num_components();
  json["covariance_type"] = ToString(mixture.covariance_type);
  json["features"] = Features(model);
  json["feature_spec"] = SpecJson(model.features.spec);
  json["blocks"] = Blocks(model);
  json["weights"] = JsonNumbers(mixture.weights);
  json["means"] = JsonRows(mixture.means);
  json["covariances"] = JsonList(mixture.covariances, JsonRows);
}

void AddFit(const Model& model, Json& json) {
  const FitResult& fit = model.fit;
  if (fit.prior.share > 0)
    json["prior"] = {{"share", fit.prior.share}, {"covariance", JsonRows(fit.prior.covariance)}};
  json["log_likelihood_per_sample"] = OrNull(fit.log_likelihood);
  json["history"] = JsonNumbers(fit.history);
  json["initial_log_likelihood"] = fit.initial_log_likelihood;
  json["iterations"] = fit.iterations;
  json["stop_reason"] = ToString(fit.stop_reason);
  json["converged"] = fit.converged();
  json["restarts"] = fit.restarts;
  json["restart_log_likelihoods"] = JsonNumbers(fit.restart_log_likelihoods);
  json["rescues"] = Rescues(fit);
  json["at_floor"] = JsonList(fit.at_floor, [](bool held) { return held; });
  json["samples"] = fit.num_samples;
  json["requested_k"] = fit.requested_components;
  json["seed"] = model.seed;
  json["bic"] = OrNull(model.bic);
  json["aic"] = OrNull(model.aic);
  json["icl"] = OrNull(model.icl);
  if (!model.candidates.empty()) json["candidates"] = CandidatesJson(model.candidates);
}

}  // namespace

std::string ModelText(const Model& model) {
  Json json = {{"format", kModelFormat},
               {"version", kModelVersion},
               {"program", {{"name", "gmmseg"}, {"version", GMMSEG_VERSION}}}};
  AddMixture(model, json);
  AddFit(model, json);
  AddMergeJson(model.merge, json);
  json["classes"] = Classes(model.classes);
  json["order"] = ToWord(model.order, kOrderWords);
  if (model.preset) json["preset"] = ToString(*model.preset);
  json["training"] = Training(model);
  return ToText(json);
}

void WriteModel(const std::string& path, const Model& model) {
  const std::string text = ModelText(model);
  StagedFile file(path);
  file.Write(text);
  file.Commit();
}

}  // namespace gmmseg
