#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;

// Two components over three features and a tempered position block, with numbers that have no short
// decimal.
Model ExampleModel() {
  Model model;
  model.features.spec = {ColorSpace::kGray, 2.5};
  model.features.info = {
      {"gray", "gray", "0..255"}, {"x", "position", "pixels"}, {"y", "position", "pixels"}};
  model.features.blocks = {{0, 1, 1.0}, {1, 2, 2.5}};
  model.standardization = Standardization::Identity(3);
  model.standardization.offset << 0.1, 1.0 / 3, -2;
  model.standardization.scale << 0.5, 64, 128;

  GaussianMixture& mixture = model.fit.model;
  mixture.blocks = model.features.blocks;
  mixture.weights = Eigen::Vector2d(1.0 / 3, 2.0 / 3);
  mixture.means = Eigen::MatrixXd(2, 3);
  mixture.means << 0.1 + 0.2, std::sqrt(2.0), 1e-300, 1e300 / 3, -0.0, 7;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(3, 3) / 7;
  covariance(1, 2) = covariance(2, 1) = 0.1;
  mixture.covariances = {covariance, covariance * 3};

  FitResult& fit = model.fit;
  fit.stop_reason = StopReason::kConverged;
  fit.iterations = 3;
  fit.log_likelihood = -12.3456789012345678;
  fit.initial_log_likelihood = -20.1;
  fit.history = {-15.1, -13.3, -12.3456789012345678};
  fit.num_samples = 1234567;
  fit.requested_components = 4;
  fit.restarts = 10;
  fit.restart_log_likelihoods = {-13.1, -14.7};
  fit.rescues = {{2, 1, true}};
  fit.at_floor = {false, true};
  for (int k = 0; k < 2; ++k)
    model.classes.push_back({k + 1,
                             "class \"" + std::to_string(k + 1) + "\" ü",
                             {1, 2, 200},
                             mixture.weights[k],
                             0.25 + k * 0.5,
                             mixture.means.row(k)});
  model.order = ClassOrder::kReference;
  model.seed = std::numeric_limits<std::uint64_t>::max();
  model.bic = 17.25;
  model.candidates = {{1, 1, 9, -12.1, 0, {1.5, 2.5, 3.5}, 77.7, 4.5, 5.5},
                      {4, 2, 19, -11.3, 0.1, {1.4, 2.4, 3.4}, 77.7, 4.4, 5.6}};
  model.inputs = {{"photo.jpg", "fnv1a64:0123456789abcdef"}};
  model.log_density_quantiles = {{0.01, -9.125}, {0.5, -8.1}, {1, -8.1}};
  return model;
}

bool SameBits(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.size() == b.size() && BytesOf(std::vector<double>(a.data(), a.data() + a.size())) ==
                                     BytesOf(std::vector<double>(b.data(), b.data() + b.size()));
}

Json ExampleJson() {
  const TemporaryFolder folder;
  WriteModel(folder.File("m.gmm.json"), ExampleModel());
  return Json::parse(ReadAll(folder.File("m.gmm.json")));
}

std::string Written(const TemporaryFolder& folder, const Model& model) {
  WriteModel(folder.File("m.gmm.json"), model);
  return folder.File("m.gmm.json");
}

// What reading the example says once `change` has been made to it; the file is called "m".
std::string ErrorAfter(const std::function<void(Json&)>& change) {
  const TemporaryFolder folder;
  Json json = ExampleJson();
  change(json);
  WriteAll(folder.File("m"), ToBytes(json.dump()));
  const std::string message = MessageOf([&] { ReadModel(folder.File("m")); });
  return message.starts_with(folder.path()) ? message.substr(folder.path().size() + 1) : message;
}

}  // namespace

TEST_CASE("model file: every number comes back bit for bit") {
  const TemporaryFolder folder;
  const Model model = ExampleModel();
  WriteModel(folder.File("m.gmm.json"), model);
  const Model back = ReadModel(folder.File("m.gmm.json"));
  CHECK(SameBits(back.mixture().weights, model.mixture().weights));
  CHECK(back.order == ClassOrder::kReference);
  CHECK(SameBits(back.mixture().means, model.mixture().means));
  for (int k = 0; k < 2; ++k)
    CHECK(SameBits(back.mixture().covariances[k], model.mixture().covariances[k]));
  CHECK(SameBits(back.standardization.offset, model.standardization.offset));
  CHECK(back.mixture().blocks == model.mixture().blocks);
  CHECK(back.features.spec == model.features.spec);
  CHECK(back.features.info[1].unit == "pixels");
  CHECK(back.fit.history == model.fit.history);
  CHECK(back.fit.restart_log_likelihoods == model.fit.restart_log_likelihoods);
  CHECK(back.fit.rescues[0].dropped);
  CHECK(back.fit.rescues[0].component == 1);
  CHECK(back.fit.at_floor == model.fit.at_floor);
  CHECK(back.fit.converged());
  CHECK(back.seed == model.seed);
  CHECK(back.bic == model.bic);
  CHECK(back.candidates == model.candidates);
  CHECK_FALSE(back.icl.has_value());
  CHECK(back.classes[1].name == model.classes[1].name);
  CHECK(back.classes[0].color == model.classes[0].color);
  CHECK(back.inputs[0].hash == model.inputs[0].hash);
  CHECK(back.log_density_quantiles == model.log_density_quantiles);
}

TEST_CASE("model file: the model of an image without data is written, and refused by its k") {
  const TemporaryFolder folder;
  Model model = ExampleModel();
  model.fit = {};
  model.classes.clear();
  model.log_density_quantiles.clear();
  WriteModel(folder.File("m"), model);
  CHECK(MessageOf([&] {
          ReadModel(folder.File("m"));
        }).starts_with(folder.File("m") + ": key \"k\" = 0; must be"));
}

TEST_CASE("model file: an input's name may be any bytes") {
  const TemporaryFolder folder;
  Model model = ExampleModel();
  model.inputs[0].name = "caf\xe9.jpg";
  WriteModel(folder.File("m"), model);
  CHECK(ReadModel(folder.File("m")).inputs[0].name == "caf\ufffd.jpg");
}

TEST_CASE("model file: written again, the same bytes") {
  const TemporaryFolder folder;
  WriteModel(folder.File("a"), ExampleModel());
  WriteModel(folder.File("b"), ReadModel(folder.File("a")));
  CHECK(ReadAll(folder.File("a")) == ReadAll(folder.File("b")));
}

TEST_CASE("model file: of tissues it says of which images, else nothing") {
  const TemporaryFolder folder;
  CHECK_FALSE(ReadModel(Written(folder, ExampleModel())).preset);
  Model model = ExampleModel();
  model.preset = TissuePreset::kFlair;
  CHECK(ReadModel(Written(folder, model)).preset == TissuePreset::kFlair);
  CHECK(ErrorAfter([](Json& json) { json["preset"] = "t9"; }).find("preset") != std::string::npos);
}

TEST_CASE("model file: the keys of the conventions, in their order") {
  const Json json = ExampleJson();
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  CHECK(keys == std::vector<std::string>{"format",
                                         "version",
                                         "program",
                                         "method",
                                         "k",
                                         "covariance_type",
                                         "features",
                                         "feature_spec",
                                         "blocks",
                                         "weights",
                                         "means",
                                         "covariances",
                                         "log_likelihood_per_sample",
                                         "history",
                                         "initial_log_likelihood",
                                         "iterations",
                                         "stop_reason",
                                         "converged",
                                         "restarts",
                                         "restart_log_likelihoods",
                                         "rescues",
                                         "at_floor",
                                         "samples",
                                         "requested_k",
                                         "seed",
                                         "bic",
                                         "aic",
                                         "icl",
                                         "candidates",
                                         "classes",
                                         "order",
                                         "training"});
  CHECK(json["aic"].is_null());
  CHECK(json["rescues"][0]["component"] == 2);  // 1 in memory: files count from 1, as classes do
  CHECK(json["classes"][0]["color"] == "#0102c8");
}

TEST_CASE("model file: lists of numbers stand on one line") {
  const TemporaryFolder folder;
  WriteModel(folder.File("m"), ExampleModel());
  const Bytes bytes = ReadAll(folder.File("m"));
  CHECK(std::string(bytes.begin(), bytes.end()).find("\"history\": [-15.1, -13.3, ") !=
        std::string::npos);
}

TEST_CASE("model file: NaN is never written") {
  const TemporaryFolder folder;
  Model model = ExampleModel();
  model.fit.history[1] = std::nan("");
  CHECK_THROWS_AS(WriteModel(folder.File("m"), model), InternalError);
  CHECK(folder.CountFiles() == 0);
}

TEST_CASE("model file: candidates may be absent, and damaged ones are refused") {
  CHECK(ErrorAfter([](Json& json) { json.erase("candidates"); }).empty());
  CHECK(ErrorAfter([](Json& json) { json["candidates"][1].erase("bic_effective"); }) ==
        "m: key \"candidates[1].bic_effective\" is missing; correct the file or fit a new model");
  CHECK(ErrorAfter([](Json& json) {
          json["candidates"][0]["k"] = 0;
        }).starts_with("m: key \"candidates[0].k\" = 0; must be an integer from 1"));
}

TEST_CASE("model file: components that make classes together, and damaged ones") {
  const TemporaryFolder folder;
  Model model = ExampleModel();
  model.merge = {{0, 0}, {{2, {}, 0.5}, {1, std::array{0, 1}, 0}}};
  model.classes.pop_back();
  WriteModel(folder.File("m.gmm.json"), model);
  CHECK(ReadModel(folder.File("m.gmm.json")).merge == model.merge);
  const auto after = [&](const char* key, const Json& value) {
    Json json = Json::parse(ReadAll(folder.File("m.gmm.json")));
    json[Json::json_pointer(key)] = value;
    WriteAll(folder.File("m"), ToBytes(json.dump()));
    return MessageOf([&] { ReadModel(folder.File("m")); });
  };
  CHECK(after("/class_of/0", 1).empty());
  CHECK(after("/class_of/1", 3).find("\"class_of[1]\" = 3; must be") != std::string::npos);
  CHECK(after("/class_of", {2, 2}).find("must name every class") != std::string::npos);
  CHECK(after("/class_of", {1}).find("has 1 entries; must have 2") != std::string::npos);
  CHECK(after("/class_of", {1, 2}).find("\"classes\" has 1 entries") != std::string::npos);
  CHECK(after("/class_levels/1/merged", {1, 9}).find("merged[1]\" = 9") != std::string::npos);
}

TEST_CASE("model file: a missing key is named, for every key that is read") {
  const Json whole = ExampleJson();
  for (const auto& item : whole.items()) {
    const std::string key = item.key();
    if (key == "format" || key == "program" || key == "converged") continue;
    if (key == "candidates") continue;  // absent where K was given
    if (key == "method") continue;      // absent where an older program fitted a mixture
    CHECK(ErrorAfter([&](Json& json) { json.erase(key); }) ==
          "m: key \"" + key + "\" is missing; correct the file or fit a new model");
  }
}

TEST_CASE("model file: wrong values are named with their rule") {
  const auto after = [](const char* key, const Json& value) {
    return ErrorAfter([&](Json& json) { json[Json::json_pointer(key)] = value; });
  };
  CHECK(after("/k", 1000000000) ==
        "m: key \"k\" = 1000000000; must be an integer from 1 to 65535; correct the file or fit a "
        "new model");
  CHECK(after("/k", 3) ==
        "m: key \"weights\" has 2 entries; must have 3; correct the file or fit a new model");
  CHECK(after("/means/1/2", "seven") ==
        "m: key \"means[1][2]\" = \"seven\"; must be a finite number; correct the file or fit a "
        "new model");
  CHECK(after("/version", 2) ==
        "m: is a model of format version 2; this build reads up to 1: update gmmseg");
  CHECK(after("/covariance_type", "round").starts_with("m: key \"covariance_type\" is wrong: "));
  CHECK(after("/classes/0/color", "red").starts_with("m: key \"classes[0].color\" is wrong: "));
  CHECK(after("/stop_reason", "tired")
            .starts_with("m: key \"stop_reason\" is wrong: reason to stop = 'tired'; must be one "
                         "of converged, "));
  CHECK(after("/order", "random").starts_with("m: key \"order\" is wrong: order = 'random'"));
  CHECK(after("/weights/0", 0.9).starts_with("m: not a Gaussian mixture: mixing weights"));
  CHECK(after("/covariances/0/1/1", -1).starts_with("m: not a Gaussian mixture: covariance"));
  CHECK(after("/features/0/scale", 0).starts_with("m: key \"features[0].scale\" = 0; must be > 0"));
  CHECK(after("/seed", -1).starts_with("m: key \"seed\" = -1; must be"));
  CHECK(after("/classes/1/index", 1).starts_with("m: key \"classes[1].index\" = 1; must be"));
}

TEST_CASE("model file: blocks and sources must be those of the feature spec") {
  const auto after = [](const char* key, const Json& value) {
    return ErrorAfter([&](Json& json) { json[Json::json_pointer(key)] = value; });
  };
  const std::string what_to_do = "; correct the file or fit a new model";
  CHECK(after("/blocks/1/temper", 3) ==
        "m: key \"blocks[1].temper\" = 3; must be 1 for colour, feature_spec.position_weight for "
        "position" +
            what_to_do);
  CHECK(after("/blocks/0/temper", 2).starts_with("m: key \"blocks[0].temper\" = 2; must be 1"));
  CHECK(after("/feature_spec/position_weight", 0) ==
        "m: key \"blocks\" has 2 entries; must have 1, by feature_spec.position_weight" +
            what_to_do);
  CHECK(ErrorAfter([](Json& json) {
          json["blocks"].erase(1);
        }).starts_with("m: key \"blocks\" has 1 entries; must have 2"));
  CHECK(after("/blocks/1/first", 0).starts_with("m: key \"blocks[1].first\" = 0; must be"));
  CHECK(after("/blocks/1/size", 1)
            .starts_with("m: key \"blocks\" cover 2 features; must cover all 3"));
  CHECK(after("/feature_spec/color", "lab") ==
        "m: key \"features[0].source\" = \"gray\"; must be \"lab\", by feature_spec and blocks" +
            what_to_do);
  CHECK(after("/features/2/source", "gray")
            .starts_with("m: key \"features[2].source\" = \"gray\"; must be \"position\""));
  CHECK(after("/feature_spec/color", "auto").starts_with("m: key \"feature_spec.color\" = "));
}

TEST_CASE("model file: as many features as an image has bands, but no room for what is not there") {
  const auto with_features = [](int count) {
    return ErrorAfter([&](Json& json) {
      json["features"] = Json(static_cast<std::size_t>(count), json["features"][0]);
      json["feature_spec"]["position_weight"] = 0;
      json["blocks"] = {{{"first", 0}, {"size", count}, {"temper", 1}}};
      json["means"] = Json(2, Json(static_cast<std::size_t>(count), 0));
    });
  };
  // Matrices of this size would take 64 GiB.
  CHECK(
      with_features(65535).starts_with("m: key \"covariances[0]\" has 3 entries; must have 65535"));
  CHECK(with_features(65539).starts_with(
      "m: key \"features\" has 65539 entries; must have 1 to 65538"));
}

TEST_CASE("model file: what is no model says so") {
  const TemporaryFolder folder;
  WriteAll(folder.File("photo.json"), ToBytes("{\"a\": 1}"));
  WriteAll(folder.File("cut.json"), ToBytes("{\"format\": \"gmmseg-mo"));
  WriteAll(folder.File("big.json"), ToBytes("{\"format\": \"gmmseg-model\", \"version\": 1e999}"));
  CHECK(MessageOf([&] {
          ReadModel(folder.File("photo.json"));
        }).starts_with(folder.File("photo.json") + ": is not a gmmseg model;"));
  CHECK(MessageOf([&] {
          ReadModel(folder.File("cut.json"));
        }).starts_with(folder.File("cut.json") + ": is not JSON, or truncated (at byte "));
  CHECK_THROWS_AS(ReadModel(folder.File("big.json")), IoError);
  CHECK_THROWS_AS(ReadModel(folder.path()), IoError);
}

}  // namespace gmmseg
