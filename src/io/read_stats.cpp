#include <gmmseg/errors.h>
#include <gmmseg/image_stats_io.h>

#include <charconv>

#include "io/file_bytes.h"
#include "io/json_node.h"
#include "io/stats_format.h"

namespace gmmseg {
namespace {

using Node = JsonNode;

const JsonKind kKind{kStatsFormat, kStatsVersion, "statistics file",
                     "a file that segment stats or segment merge wrote",
                     "take the statistics again"};

// The file's first bytes hold its format.
constexpr std::int64_t kHead = 64;

std::uint64_t Word(const Node& node, const std::string& digits, std::size_t at) {
  constexpr std::size_t kDigits = 16;
  std::uint64_t word = 0;
  const char* const first = digits.data() + at;
  const char* const last = first + kDigits;
  node.Require(std::from_chars(first, last, word, 16).ptr == last, "must be 32 hexadecimal digits");
  return word;
}

std::vector<ExactSum> ReadSums(const Node& list) {
  std::vector<ExactSum> sums;
  for (const Node& node : list.Items()) {
    const std::string digits = node.Text();
    node.Require(digits.size() == 32, "must be 32 hexadecimal digits");
    sums.push_back(ExactSum::FromWords(static_cast<std::int64_t>(Word(node, digits, 0)),
                                       Word(node, digits, 16)));
  }
  return sums;
}

Eigen::MatrixXd ReadCenters(const Node& node) {
  const std::vector<Node> rows = node.Items();
  node.Require(!rows.empty(), "must have an entry at least");
  return Matrix(node, static_cast<int>(rows.size()), static_cast<int>(rows[0].Items().size()));
}

MixtureStats ReadMixtureStats(const Node& root) {
  const Eigen::MatrixXd centers = ReadCenters(root["centers"]);
  const auto num_features = static_cast<int>(centers.cols());
  std::vector<FeatureBlock> blocks;
  for (const Node& item : root["blocks"].Items())
    blocks.push_back(
        {item["first"].Integer(0), item["size"].Integer(1, num_features), item["temper"].Number()});
  try {
    return MixtureStats::FromSums(centers, blocks, ReadSums(root["sums"]));
  } catch (const ParameterError& error) {
    root["sums"].Fail(std::string("is wrong: ") + error.what());
  }
}

}  // namespace

ImageStats ReadStats(const std::string& path) {
  const JsonFile file{path, kKind};
  const nlohmann::json json = ParseJson(file, ReadFileBytes(path, "a statistics file"));
  const Node root(file, json);
  if (root["checksum"].Text() != ChecksumOf(json))
    root["checksum"].Fail("does not fit the content, which was changed or damaged");
  ImageStats stats;
  stats.model = root["model"].Text();
  stats.program = root["program"]["version"].Text();
  for (const Node& item : root["inputs"].Items())
    stats.inputs.emplace(item["hash"].Text(), item["name"].Text());
  stats.sums = ReadMixtureStats(root);
  stats.floor = ReadSums(root["floor"]);
  const auto num_features = static_cast<std::size_t>(stats.sums.num_features());
  const std::size_t triangle = num_features * (num_features + 1) / 2;
  if (stats.floor.size() != (stats.num_pixels() > 0 ? triangle : 0))
    root["floor"].Fail("has " + std::to_string(stats.floor.size()) + " entries; must have " +
                       std::to_string(triangle) + ", or none where no pixel has data");
  return stats;
}

bool IsStatsFile(const std::string& path) { return FileHolds(path, kStatsFormat, kHead); }

}  // namespace gmmseg
