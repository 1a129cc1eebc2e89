#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>

#include <nlohmann/json.hpp>

#include "io/candidate_json.h"
#include "io/json_text.h"
#include "io/model_format.h"
#include "io/staged_file.h"

namespace gmmseg {
namespace {

using Json = nlohmann::ordered_json;

template <typename Items, typename ToJson>
Json List(const Items& items, const ToJson& to_json) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

Json Numbers(const auto& vector) {
  return List(vector, [](double x) { return x; });
}

Json Rows(const Eigen::MatrixXd& matrix) {
  Json rows = Json::array();
  for (Eigen::Index r = 0; r < matrix.rows(); ++r)
    rows.push_back(Numbers(Eigen::VectorXd(matrix.row(r))));
  return rows;
}

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

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

Json Blocks(const Model& model) {
  const bool fitted = model.mixture().num_components() > 0;
  if (fitted && model.mixture().blocks != model.features.blocks)
    throw InternalError("the model's blocks are not those of its features; please report this");
  return List(model.features.blocks, [](const FeatureBlock& block) {
    return Json{{"first", block.first}, {"size", block.size}, {"temper", block.temper}};
  });
}

Json Rescues(const FitResult& fit) {
  return List(fit.rescues, [](const Rescue& rescue) {
    return Json{{"iteration", rescue.iteration},
                {"component", rescue.component + 1},  // index at that time, from 1
                {"dropped", rescue.dropped}};
  });
}

Json Classes(const ClassTable& classes) {
  return List(classes, [](const ClassEntry& entry) {
    return Json{{"index", entry.index},   {"name", entry.name},   {"color", ToHex(entry.color)},
                {"weight", entry.weight}, {"share", entry.share}, {"mean", Numbers(entry.mean)}};
  });
}

Json Training(const Model& model) {
  return {{"inputs", List(model.inputs,
                          [](const TrainingInput& input) {
                            return Json{{"name", input.name}, {"hash", input.hash}};
                          })},
          {"log_density_quantiles", List(model.log_density_quantiles, [](const DensityQuantile& q) {
             return Json{{"probability", q.probability}, {"value", q.log_density}};
           })}};
}

void AddMixture(const Model& model, Json& json) {
  const GaussianMixture& mixture = model.mixture();
  json["k"] = mixture.num_components();
  json["covariance_type"] = ToString(mixture.covariance_type);
  json["features"] = Features(model);
  json["feature_spec"] = {{"color", ToString(model.features.spec.color)},
                          {"position_weight", model.features.spec.position_weight},
                          {"missing", ToString(model.features.spec.missing)}};
  json["blocks"] = Blocks(model);
  json["weights"] = Numbers(mixture.weights);
  json["means"] = Rows(mixture.means);
  json["covariances"] = List(mixture.covariances, Rows);
}

void AddFit(const Model& model, Json& json) {
  const FitResult& fit = model.fit;
  json["log_likelihood_per_sample"] = fit.log_likelihood;
  json["history"] = Numbers(fit.history);
  json["initial_log_likelihood"] = fit.initial_log_likelihood;
  json["iterations"] = fit.iterations;
  json["stop_reason"] = ToString(fit.stop_reason);
  json["converged"] = fit.converged();
  json["restarts"] = fit.restarts;
  json["restart_log_likelihoods"] = Numbers(fit.restart_log_likelihoods);
  json["rescues"] = Rescues(fit);
  json["at_floor"] = List(fit.at_floor, [](bool held) { return held; });
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
  json["classes"] = Classes(model.classes);
  json["order"] = ToWord(model.order, kOrderWords);
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
