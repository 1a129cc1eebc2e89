#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "io/file_bytes.h"
#include "io/image_backend.h"
#include "io/model_format.h"

namespace gmmseg {
namespace {

using Json = nlohmann::json;

constexpr int kMaxComponents = 65535;        // labels are 16 bits
constexpr int kMaxFeatures = kMaxBands + 3;  // and x, y, z: whatever can be fitted can be read

// A value of the file, with the way to it, for messages: "means[2]".
class Node {
 public:
  Node(const std::string& file, const Json& json, std::string key)
      : file_(file), json_(json), key_(std::move(key)) {}

  [[noreturn]] void Fail(const std::string& what) const {
    throw IoError(IoError::Operation::kRead, file_ + ": key \"" + key_ + "\" " + what +
                                                 "; correct the file or fit a new model");
  }
  void Require(bool ok, const std::string& rule) const {
    if (!ok) Fail("= " + Excerpt() + "; " + rule);
  }

  bool Has(const std::string& name) const { return json_.contains(name); }
  Node operator[](const std::string& name) const {
    const std::string key = key_.empty() ? name : key_ + "." + name;
    if (!json_.is_object()) Fail("must be an object");
    const auto found = json_.find(name);
    if (found == json_.end()) Node(file_, json_, key).Fail("is missing");
    return {file_, *found, key};
  }

  std::vector<Node> Items() const {
    Require(json_.is_array(), "must be a list");
    std::vector<Node> items;
    items.reserve(json_.size());
    for (std::size_t i = 0; i < json_.size(); ++i)
      items.emplace_back(file_, json_[i], key_ + "[" + std::to_string(i) + "]");
    return items;
  }
  std::vector<Node> Items(std::size_t count) const {
    std::vector<Node> items = Items();
    if (items.size() != count)
      Fail("has " + std::to_string(items.size()) + " entries; must have " + std::to_string(count));
    return items;
  }

  double Number() const {
    Require(json_.is_number() && std::isfinite(json_.get<double>()), "must be a finite number");
    return json_.get<double>();
  }
  std::optional<double> OptionalNumber() const {
    return json_.is_null() ? std::nullopt : std::optional(Number());
  }
  int Integer(int least, int most = std::numeric_limits<int>::max()) const {
    const bool in_range = json_.is_number_integer() && Number() >= least && Number() <= most;
    Require(in_range,
            "must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return json_.get<int>();
  }
  std::uint64_t Unsigned() const {
    Require(json_.is_number_unsigned(), "must be an integer from 0 to 2^64-1");
    return json_.get<std::uint64_t>();
  }
  bool Flag() const {
    Require(json_.is_boolean(), "must be true or false");
    return json_.get<bool>();
  }
  std::string Text() const {
    Require(json_.is_string(), "must be a text");
    return json_.get<std::string>();
  }

  // `parse` of the text; its own message is kept where it throws.
  template <typename Parse>
  auto Parsed(const Parse& parse) const {
    try {
      return parse(Text());
    } catch (const ParameterError& error) {
      Fail(std::string("is wrong: ") + error.what());
    }
  }

 private:
  std::string Excerpt() const {
    constexpr std::size_t kLength = 40;
    const std::string text = json_.is_structured()
                                 ? std::string(json_.type_name())
                                 : json_.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.size() > kLength ? text.substr(0, kLength) + "..." : text;
  }

  const std::string& file_;
  const Json& json_;
  std::string key_;
};

std::vector<double> Numbers(const std::vector<Node>& items) {
  std::vector<double> numbers;
  numbers.reserve(items.size());
  for (const Node& item : items) numbers.push_back(item.Number());
  return numbers;
}

Eigen::VectorXd Vector(const Node& node, int size) {
  const std::vector<double> numbers = Numbers(node.Items(size));
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), size);
}

// Room is made for numbers that are there, not for the size that a damaged file claims.
Eigen::MatrixXd Matrix(const Node& node, int rows, int columns) {
  std::vector<double> values;
  for (const Node& row : node.Items(rows)) {
    const std::vector<double> numbers = Numbers(row.Items(columns));
    values.insert(values.end(), numbers.begin(), numbers.end());
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(values.data(), rows, columns);
}

void CheckFormat(const std::string& path, const Json& json) {
  const auto fail = [&](const std::string& what) {
    throw IoError(IoError::Operation::kRead, path + ": " + what);
  };
  if (!json.is_object() || json.value("format", Json()) != kModelFormat)
    fail("is not a gmmseg model; give a file that ends in .gmm.json, as segment writes it");
  const Node version = Node(path, json, "")["version"];
  if (version.Integer(1) > kModelVersion)
    fail("is a model of format version " + std::to_string(version.Integer(1)) +
         "; this build reads up to " + std::to_string(kModelVersion) + ": update gmmseg");
}

Json ParseJson(const std::string& path, std::span<const unsigned char> bytes) {
  try {
    return Json::parse(bytes);
  } catch (const Json::parse_error& error) {
    throw IoError(IoError::Operation::kRead, path + ": is not JSON, or truncated (at byte " +
                                                 std::to_string(error.byte) +
                                                 "); give a model file, as segment writes it");
  } catch (const Json::out_of_range&) {
    throw IoError(IoError::Operation::kRead,
                  path + ": holds a number beyond the range of double; the model file is damaged");
  }
}

FeatureSpec ReadSpec(const Node& node) {
  FeatureSpec spec{node["color"].Parsed(ParseColorSpace), node["position_weight"].Number()};
  if (node.Has("missing")) spec.missing = node["missing"].Parsed(ParseMissingValues);
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
    const bool is_color = static_cast<int>(d) < layout.blocks[0].size;
    const std::string source(is_color ? ToString(layout.spec.color) : "position");
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
  model.features.blocks = ReadBlocks(root["blocks"], model.features.spec, num_features);
  CheckSources(items, model.features);
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

void ReadFit(const Node& root, FitResult& fit) {
  fit.log_likelihood = root["log_likelihood_per_sample"].Number();
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

ClassTable ReadClasses(const Node& node, int num_classes, int num_features) {
  ClassTable classes;
  for (const Node& item : node.Items(num_classes)) {
    const int index = static_cast<int>(classes.size()) + 1;
    classes.push_back({item["index"].Integer(index, index), item["name"].Text(),
                       item["color"].Parsed(RgbFromHex), item["weight"].Number(),
                       item["share"].Number(), Vector(item["mean"], num_features)});
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
  const Json json = ParseJson(path, bytes);
  CheckFormat(path, json);
  const Node root(path, json, "");
  Model model;
  ReadFeatures(root, model);
  model.fit.model = ReadMixture(path, root, model);
  ReadFit(root, model.fit);
  model.seed = root["seed"].Unsigned();
  model.bic = root["bic"].OptionalNumber();
  model.aic = root["aic"].OptionalNumber();
  model.icl = root["icl"].OptionalNumber();
  if (root.Has("candidates")) model.candidates = ReadCandidates(root["candidates"]);
  model.classes = ReadClasses(root["classes"], model.mixture().num_components(),
                              static_cast<int>(model.features.info.size()));
  model.order = root["order"].Parsed(
      [](const std::string& word) { return FromWord(word, kOrderWords, "order"); });
  ReadTraining(root["training"], model);
  return model;
}

Model ReadModel(const std::string& path) {
  return ParseModel(path, ReadFileBytes(path, "a model file"));
}

}  // namespace gmmseg
