#include "io/json_node.h"

namespace gmmseg {
namespace {

using Json = nlohmann::json;

[[noreturn]] void Fail(const JsonFile& file, const std::string& what) {
  throw IoError(IoError::Operation::kRead, file.path + ": " + what);
}

void CheckFormat(const JsonFile& file, const Json& json) {
  const JsonKind& kind = file.kind;
  if (!json.is_object() || json.value("format", Json()) != kind.format)
    Fail(file, "is not a gmmseg " + kind.name + "; give " + kind.expected);
  const int version = JsonNode(file, json)["version"].Integer(1);
  if (version > kind.version)
    Fail(file, "is a " + kind.name + " of format version " + std::to_string(version) +
                   "; this build reads up to " + std::to_string(kind.version) + ": update gmmseg");
}

}  // namespace

Json ParseJson(const JsonFile& file, std::span<const unsigned char> bytes) {
  Json json;
  try {
    json = Json::parse(bytes);
  } catch (const Json::parse_error& error) {
    Fail(file, "is not JSON, or truncated (at byte " + std::to_string(error.byte) + "); give " +
                   file.kind.expected);
  } catch (const Json::out_of_range&) {
    Fail(file,
         "holds a number beyond the range of double, and is damaged; give " + file.kind.expected);
  }
  CheckFormat(file, json);
  return json;
}

std::vector<double> Numbers(const std::vector<JsonNode>& items) {
  std::vector<double> numbers;
  numbers.reserve(items.size());
  for (const JsonNode& item : items) numbers.push_back(item.Number());
  return numbers;
}

Eigen::VectorXd Vector(const JsonNode& node, int size) {
  const std::vector<double> numbers = Numbers(node.Items(size));
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), size);
}

// Room is made for numbers that are there, not for the size that a damaged file claims.
Eigen::MatrixXd Matrix(const JsonNode& node, int rows, int columns) {
  std::vector<double> values;
  for (const JsonNode& row : node.Items(rows)) {
    const std::vector<double> numbers = Numbers(row.Items(columns));
    values.insert(values.end(), numbers.begin(), numbers.end());
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(values.data(), rows, columns);
}

}  // namespace gmmseg
