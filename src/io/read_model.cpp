#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "io/file_bytes.h"
#include "io/image_backend.h"
#include "io/json_node.h"
#include "io/model_format.h"

namespace gmmseg {
namespace {

using Node = JsonNode;

constexpr int kMaxComponents = 65535;        // labels are 16 bits
constexpr int kMaxFeatures = kMaxBands + 3;  // and x, y, z: whatever can be fitted can be read

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

const JsonKind kKind{kModelFormat, kModelVersion, "model",
                     "a file that ends in .gmm.json, as segment writes it",
                     "correct the file or fit a new model"};

void ReadProjection(const Node& node, FeatureSpec& spec) {
  auto projection = std::make_shared<BandProjection>();
  const std::vector<Node> mean = node["mean"].Items(), rows = node["rows"].Items();
  const auto num_bands = static_cast<int>(mean.size());
  node["rows"].Require(!rows.empty() && std::ssize(rows) <= num_bands,
                       "must have 1 row to as many as there are bands");
  spec.num_principal = static_cast<int>(rows.size());
  projection->mean = Vector(node["mean"], num_bands);
  projection->rows = Matrix(node["rows"], spec.num_principal, num_bands);
  spec.projection = std::move(projection);
}

FeatureSpec ReadSpec(const Node& node) {
  FeatureSpec spec;
  spec.color = node["color"].Parsed(ParseColorSpace);
  spec.position_weight = node["position_weight"].Number();
  if (node.Has("missing")) spec.missing = node["missing"].Parsed(ParseMissingValues);
  if (node.Has("texture")) spec.texture = node["texture"].Parsed(ParseTexture);
  if (node.Has("scale")) spec.scale = node["scale"].Parsed(ParseBandScale);
  if (node.Has("principal_components")) ReadProjection(node["principal_components"], spec);
  node["color"].Require(!spec.IsOfBands() || spec.color == ColorSpace::kRaw,
                        "must be \"raw\", by scale and principal_components");
  node["color"].Require(spec.color != ColorSpace::kAuto, "must be the space that auto stood for");
  node["position_weight"].Require(spec.position_weight >= 0, "must be >= 0");
  return spec;
}

// Colour's block, which is not tempered; then position's, tempered by its weight, if it has one.
std::vector<FeatureBlock> ReadBlocks(const Node& node, const FeatureSpec& spec, int num_features) {
  const std::vector<Node> items = node.Items();
  const std::size_t num_blocks = spec.position_weight > 0 ? 2 : 1;
  if (items.size() != num_blocks)
    node.Fail("has " + std::to_string(items.size()) + " entries; must have " +
              std::to_string(num_blocks) + ", by feature_spec.position_weight");
  std::vector<FeatureBlock> blocks;
  int next = 0;
  for (const Node& item : items) {
    const double temper = blocks.empty() ? 1.0 : spec.position_weight;
    blocks.push_back({item["first"].Integer(next, next), item["size"].Integer(1, kMaxFeatures),
                      item["temper"].Number()});
    item["temper"].Require(blocks.back().temper == temper,
                           "must be 1 for colour, feature_spec.position_weight for position");
    next += blocks.back().size;
  }
  if (next != num_features)
    node.Fail("cover " + std::to_string(next) + " features; must cover all " +
              std::to_string(num_features));
  return blocks;
}

void CheckSources(const std::vector<Node>& items, const FeatureLayout& layout) {
  for (std::size_t d = 0; d < items.size(); ++d) {
    const int feature = static_cast<int>(d);
    const std::string source(feature < layout.NumColors()      ? ToString(layout.spec.color)
                             : feature < layout.blocks[0].size ? "texture"
                                                               : "position");
    items[d]["source"].Require(layout.info[d].source == source,
                               "must be \"" + source + "\", by feature_spec and blocks");
  }
}

void ReadFeatures(const Node& root, Model& model) {
  const std::vector<Node> items = root["features"].Items();
  const int num_features = static_cast<int>(items.size());
  if (num_features < 1 || num_features > kMaxFeatures)
    root["features"].Fail("has " + std::to_string(num_features) + " entries; must have 1 to " +
                          std::to_string(kMaxFeatures));
  model.standardization = Standardization::Identity(num_features);
  for (int d = 0; d < num_features; ++d) {
    model.features.info.push_back(
        {items[d]["name"].Text(), items[d]["source"].Text(), items[d]["unit"].Text()});
    model.standardization.offset[d] = items[d]["offset"].Number();
    model.standardization.scale[d] = items[d]["scale"].Number();
    items[d]["scale"].Require(model.standardization.scale[d] > 0, "must be > 0");
  }
  model.features.spec = ReadSpec(root["feature_spec"]);
  const FeatureSpec& spec = model.features.spec;
  model.features.blocks = ReadBlocks(root["blocks"], spec, num_features);
  CheckSources(items, model.features);
  if (spec.num_principal > 0 && spec.num_principal != model.features.NumColors())
    root["features"].Fail("are not as many as feature_spec.principal_components has rows");
}

GaussianMixture ReadMixture(const std::string& path, const Node& root, const Model& model) {
  const int num_components = root["k"].Integer(1, kMaxComponents);
  const int num_features = static_cast<int>(model.features.info.size());
  GaussianMixture mixture;
  mixture.covariance_type = root["covariance_type"].Parsed(ParseCovarianceType);
  mixture.blocks = model.features.blocks;
  mixture.weights = Vector(root["weights"], num_components);
  mixture.means = Matrix(root["means"], num_components, num_features);
  for (const Node& item : root["covariances"].Items(num_components))
    mixture.covariances.push_back(Matrix(item, num_features, num_features));
  try {
    Validate(mixture);
  } catch (const ParameterError& error) {
    throw IoError(IoError::Operation::kRead, path + ": not a Gaussian mixture: " + error.what() +
                                                 "; correct the file or fit a new model");
  }
  return mixture;
}

CovariancePrior ReadPrior(const Node& node, int num_features) {
  CovariancePrior prior{node["share"].Number(),
                        Matrix(node["covariance"], num_features, num_features)};
  constexpr double kMost = 1e6;
  node["share"].Require(prior.share > 0 && prior.share <= kMost, "must be > 0, and at most 1e6");
  GaussianMixture of_one;
  of_one.blocks = {{0, num_features, 1.0}};
  of_one.weights = Eigen::VectorXd::Ones(1);
  of_one.means = Eigen::MatrixXd::Zero(1, num_features);
  of_one.covariances = {prior.covariance};
  try {
    Validate(of_one);
  } catch (const ParameterError& error) {
    node["covariance"].Fail(std::string("is none: ") + error.what());
  }
  return prior;
}

void ReadFit(const Node& root, FitResult& fit) {
  if (root.Has("prior")) fit.prior = ReadPrior(root["prior"], fit.model.num_features());
  fit.log_likelihood = root["log_likelihood_per_sample"].OptionalNumber().value_or(kUnknown);
  fit.history = Numbers(root["history"].Items());
  fit.initial_log_likelihood = root["initial_log_likelihood"].Number();
  fit.iterations = root["iterations"].Integer(0);
  fit.stop_reason = root["stop_reason"].Parsed(ParseStopReason);
  fit.restarts = root["restarts"].Integer(0);
  fit.restart_log_likelihoods = Numbers(root["restart_log_likelihoods"].Items());
  for (const Node& item : root["rescues"].Items())
    fit.rescues.push_back(
        {item["iteration"].Integer(0), item["component"].Integer(1) - 1, item["dropped"].Flag()});
  for (const Node& item : root["at_floor"].Items(fit.model.num_components()))
    fit.at_floor.push_back(item.Flag());
  fit.num_samples = root["samples"].Number();
  fit.requested_components = root["requested_k"].Integer(1);
}

std::vector<Candidate> ReadCandidates(const Node& node) {
  std::vector<Candidate> candidates;
  for (const Node& item : node.Items())
    candidates.push_back(
        {item["requested_k"].Integer(1, kMaxComponents), item["k"].Integer(1, kMaxComponents),
         item["parameters"].Integer(1), item["log_likelihood_per_sample"].Number(),
         item["entropy_per_sample"].Number(),
         Criteria{item["bic"].Number(), item["aic"].Number(), item["icl"].Number()},
         item["effective_samples"].Number(), item["bic_effective"].Number(),
         item["icl_effective"].Number()});
  return candidates;
}

int NumClasses(const Model& model) {
  const std::vector<int>& class_of = model.merge.class_of;
  return class_of.empty() ? model.mixture().num_components() : std::ranges::max(class_of) + 1;
}

ClassLevel ReadLevel(const Node& item, int num_components) {
  ClassLevel level{
      item["classes"].Integer(1, num_components), {}, item["entropy_per_sample"].Number()};
  if (!item.Has("merged")) return level;
  const std::vector<Node> merged = item["merged"].Items(2);
  level.merged = {merged[0].Integer(1, num_components) - 1,
                  merged[1].Integer(1, num_components) - 1};
  return level;
}

ComponentMerge ReadMerge(const Node& root, int num_components) {
  ComponentMerge merge;
  for (const Node& item : root["class_of"].Items(num_components))
    merge.class_of.push_back(item.Integer(1, num_components) - 1);
  for (int place = 0; place <= std::ranges::max(merge.class_of); ++place)
    root["class_of"].Require(std::ranges::count(merge.class_of, place) > 0,
                             "must name every class up to the last");
  if (!root.Has("class_levels")) return merge;
  for (const Node& item : root["class_levels"].Items())
    merge.levels.push_back(ReadLevel(item, num_components));
  return merge;
}

ClassTable ReadClasses(const Node& node, int num_classes, int num_features) {
  ClassTable classes;
  for (const Node& item : node.Items(num_classes)) {
    const int index = static_cast<int>(classes.size()) + 1;
    classes.push_back({item["index"].Integer(index, index), item["name"].Text(),
                       item["color"].Parsed(RgbFromHex), item["weight"].Number(),
                       item["share"].OptionalNumber().value_or(kUnknown),
                       Vector(item["mean"], num_features)});
  }
  return classes;
}

void CheckQuantile(const Node& item, const DensityQuantile& quantile,
                   const std::vector<DensityQuantile>& before) {
  item["probability"].Require(quantile.probability >= 0 && quantile.probability <= 1,
                              "must lie between 0 and 1");
  if (before.empty()) return;
  item["probability"].Require(quantile.probability > before.back().probability,
                              "must be greater than the one before");
  item["value"].Require(quantile.log_density >= before.back().log_density,
                        "must not be less than the one before");
}

void ReadTraining(const Node& node, Model& model) {
  for (const Node& item : node["inputs"].Items())
    model.inputs.push_back({item["name"].Text(), item["hash"].Text()});
  for (const Node& item : node["log_density_quantiles"].Items()) {
    const DensityQuantile quantile{item["probability"].Number(), item["value"].Number()};
    CheckQuantile(item, quantile, model.log_density_quantiles);
    model.log_density_quantiles.push_back(quantile);
  }
}

}  // namespace

Model ParseModel(const std::string& path, std::span<const unsigned char> bytes) {
  const JsonFile file{path, kKind};
  const nlohmann::json json = ParseJson(file, bytes);
  const Node root(file, json);
  Model model;
  ReadFeatures(root, model);
  model.fit.model = ReadMixture(path, root, model);
  if (root.Has("method")) model.fit.method = root["method"].Parsed(ParseFitMethod);
  ReadFit(root, model.fit);
  model.seed = root["seed"].Unsigned();
  model.bic = root["bic"].OptionalNumber();
  model.aic = root["aic"].OptionalNumber();
  model.icl = root["icl"].OptionalNumber();
  if (root.Has("candidates")) model.candidates = ReadCandidates(root["candidates"]);
  if (root.Has("class_of")) model.merge = ReadMerge(root, model.mixture().num_components());
  model.classes =
      ReadClasses(root["classes"], NumClasses(model), static_cast<int>(model.features.info.size()));
  model.order = root["order"].Parsed(
      [](const std::string& word) { return FromWord(word, kOrderWords, "order"); });
  if (root.Has("preset")) model.preset = root["preset"].Parsed(ParseTissuePreset);
  ReadTraining(root["training"], model);
  return model;
}

Model ReadModel(const std::string& path) {
  return ParseModel(path, ReadFileBytes(path, "a model file"));
}

}  // namespace gmmseg
