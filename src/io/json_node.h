// Reading our JSON files, value by value, with messages that name the file and the key.
#pragma once

#include <gmmseg/errors.h>
#include <gmmseg/samples.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gmmseg {

// A format of ours, and what messages say of its files.
struct JsonKind {
  std::string format;    // its key "format"
  int version = 1;       // this build reads up to this one
  std::string name;      // "model"
  std::string expected;  // "a file that ends in .gmm.json, as segment writes it"
  std::string remedy;    // "correct the file or fit a new model"
};

struct JsonFile {
  std::string path;
  const JsonKind& kind;
};

// A value of the file, with the way to it, for messages: "means[2]".
class JsonNode {
 public:
  using Json = nlohmann::json;

  JsonNode(const JsonFile& file, const Json& json, std::string key = "")
      : file_(file), json_(json), key_(std::move(key)) {}

  [[noreturn]] void Fail(const std::string& what) const {
    throw IoError(IoError::Operation::kRead,
                  file_.path + ": key \"" + key_ + "\" " + what + "; " + file_.kind.remedy);
  }
  void Require(bool ok, const std::string& rule) const {
    if (!ok) Fail("= " + Excerpt() + "; " + rule);
  }

  bool Has(const std::string& name) const { return json_.contains(name); }
  JsonNode operator[](const std::string& name) const {
    const std::string key = key_.empty() ? name : key_ + "." + name;
    if (!json_.is_object()) Fail("must be an object");
    const auto found = json_.find(name);
    if (found == json_.end()) JsonNode(file_, json_, key).Fail("is missing");
    return {file_, *found, key};
  }

  std::vector<JsonNode> Items() const {
    Require(json_.is_array(), "must be a list");
    std::vector<JsonNode> items;
    items.reserve(json_.size());
    for (std::size_t i = 0; i < json_.size(); ++i)
      items.emplace_back(file_, json_[i], key_ + "[" + std::to_string(i) + "]");
    return items;
  }
  std::vector<JsonNode> Items(std::size_t count) const {
    std::vector<JsonNode> items = Items();
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

  const JsonFile& file_;
  const Json& json_;
  std::string key_;
};

// Throws IoError where the bytes are no JSON, of another format, or of a version that is newer than
// this build.
nlohmann::json ParseJson(const JsonFile& file, std::span<const unsigned char> bytes);

std::vector<double> Numbers(const std::vector<JsonNode>& items);
Eigen::VectorXd Vector(const JsonNode& node, int size);
Eigen::MatrixXd Matrix(const JsonNode& node, int rows, int columns);

}  // namespace gmmseg
