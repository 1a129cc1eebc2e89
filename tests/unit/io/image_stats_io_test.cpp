#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_stats_io.h>

#include <cctype>

#include "io/stats_format.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// Two components over two features, with sums of either sign.
ImageStats ExampleStats() {
  Eigen::MatrixXd centers(2, 2);
  centers << 0.1f, -2.5, 1.0f / 3, 7;
  std::vector<ExactSum> sums;
  for (int i = 0; i < 2 + 2 * (1 + 2 + 3); ++i) sums.emplace_back(1.0 / 3 + 40 - 7.7 * i);
  ImageStats stats;
  stats.model = "fnv1a64:0123456789abcdef";
  stats.program = "0.1.0";
  stats.inputs = {{"fnv1a64:1", "a \"b\".png"}, {"fnv1a64:2", "ü.png"}};
  stats.sums = MixtureStats::FromSums(centers, {{0, 2, 1.0}}, sums);
  stats.floor = {ExactSum(1e-9), ExactSum(-1e-11), ExactSum(2)};
  return stats;
}

std::string Refusal(const TemporaryFolder& folder, const std::string& text) {
  WriteAll(folder.File("x.stats"), ToBytes(text));
  return MessageOf([&] { ReadStats(folder.File("x.stats")); });
}

}  // namespace

TEST_CASE("statistics file: comes back bit for bit") {
  const TemporaryFolder folder;
  const ImageStats stats = ExampleStats();
  WriteStats(folder.File("a.stats"), stats);
  CHECK(IsStatsFile(folder.File("a.stats")));
  const ImageStats back = ReadStats(folder.File("a.stats"));
  CHECK(back.model == stats.model);
  CHECK(back.program == stats.program);
  CHECK(back.inputs == stats.inputs);
  CHECK(back.sums.centers() == stats.sums.centers());
  CHECK(back.sums.packed_blocks() == stats.sums.packed_blocks());
  CHECK(back.sums.Sums() == stats.sums.Sums());
  CHECK(back.floor == stats.floor);
  CHECK(StatsText(back) == StatsText(stats));
}

TEST_CASE("statistics file: cut anywhere it is refused") {
  const TemporaryFolder folder;
  const std::string text = StatsText(ExampleStats());
  for (std::size_t size = 1; size + 2 < text.size(); size += 13)
    CHECK(Refusal(folder, text.substr(0, size)).find("truncated") != std::string::npos);
}

TEST_CASE("statistics file: a changed letter or digit is refused, wherever it stands") {
  const TemporaryFolder folder;
  const std::string text = StatsText(ExampleStats());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::isalnum(static_cast<unsigned char>(text[i])) == 0) continue;
    std::string changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    CAPTURE(i);
    CHECK(Refusal(folder, changed) != "");
  }
}

TEST_CASE("statistics file: entries that do not fit together are refused though the sum is right") {
  const TemporaryFolder folder;
  const auto edited = [](const std::string& key, const nlohmann::json& value) {
    nlohmann::json json = nlohmann::json::parse(StatsText(ExampleStats()));
    json[key] = value;
    json["checksum"] = ChecksumOf(json);
    return json.dump();
  };
  const auto says = [&](const std::string& key, const nlohmann::json& value,
                        const std::string& words) {
    const std::string refusal = Refusal(folder, edited(key, value));
    CAPTURE(refusal);
    CHECK(refusal.find(words) != std::string::npos);
  };
  says("format", "gmmseg-model", "is not a gmmseg statistics file");
  says("version", 2, "format version 2");
  says("sums", {"00"}, "key \"sums[0]\" = \"00\"; must be 32 hexadecimal digits");
  says("sums", {"g000000000000000000000000000000g"}, "must be 32 hexadecimal digits");
  says("sums", nlohmann::json::array(), "key \"sums\" is wrong: 0 sums");
  says("centers", nlohmann::json::array(), "key \"centers\"");
  says("centers", {{1, 2}, {3}}, "key \"centers[1]\" has 1 entries; must have 2");
  says("blocks", nlohmann::json::array(), "blocks");
  says("floor", nlohmann::json::array(), "key \"floor\" has 0 entries; must have 3");
}

TEST_CASE("statistics file: other files are none") {
  const TemporaryFolder folder;
  WriteAll(folder.File("photo.stats"), ToBytes("not this"));
  CHECK_FALSE(IsStatsFile(folder.File("photo.stats")));
  CHECK_FALSE(IsStatsFile(folder.File("missing.stats")));
  CHECK_THROWS_AS(ReadStats(folder.File("missing.stats")), IoError);
  CHECK_THROWS_AS(WriteStats(folder.File("no/such.stats"), ExampleStats()), IoError);
}

}  // namespace gmmseg
