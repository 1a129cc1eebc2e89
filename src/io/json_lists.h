// Lists of things as JSON.
#pragma once

#include <gmmseg/samples.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace gmmseg {

template <typename Items, typename ToJson>
nlohmann::ordered_json JsonList(const Items& items, const ToJson& to_json) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

nlohmann::ordered_json JsonNumbers(const auto& vector) {
  return JsonList(vector, [](double x) { return x; });
}

inline nlohmann::ordered_json JsonRows(const Eigen::MatrixXd& matrix) {
  auto rows = nlohmann::ordered_json::array();
  for (Eigen::Index r = 0; r < matrix.rows(); ++r)
    rows.push_back(JsonNumbers(Eigen::VectorXd(matrix.row(r))));
  return rows;
}

inline nlohmann::ordered_json JsonBlocks(const std::vector<FeatureBlock>& blocks) {
  return JsonList(blocks, [](const FeatureBlock& block) {
    return nlohmann::ordered_json{
        {"first", block.first}, {"size", block.size}, {"temper", block.temper}};
  });
}

}  // namespace gmmseg
