#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "../thread_ranks.h"
#include "base/random.h"
#include "raster/parts.h"
#include "stream/fit_scene.h"

namespace gmmseg {
namespace {

// Three tones in stripes, with noise, and a corner without data.
Raster Stripes(std::int64_t width, std::int64_t height, SampleType type) {
  Raster raster(width, height, 2, type, ColorModel::kMultiband);
  RandomStream random(7, 1);
  for (int b = 0; b < 2; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      const double tone = 50.0 + 60 * static_cast<double>(i % width / 40 % 3);
      const double value = std::round(tone + (b == 0 ? 3 : 5) * random.Normal());
      if (type == SampleType::kUint8)
        raster.Band<std::uint8_t>(b)[i] = static_cast<std::uint8_t>(value);
      else
        raster.Band<float>(b)[i] = static_cast<float>(value);
    }
  for (std::int64_t y = 0; y < height / 3; ++y)
    for (std::int64_t x = 0; x < width / 4; ++x) raster.Invalidate(y * width + x);
  return raster;
}

// Blocks of a raster in memory; reading some of them fails.
class HeldReader : public BlockReader {
 public:
  explicit HeldReader(const Raster& raster) : raster_(raster) {
    info_.width = raster.width();
    info_.height = raster.height();
    info_.num_bands = raster.num_bands();
    info_.type = raster.type();
    info_.color_model = raster.color_model();
    info_.white = raster.white();
    info_.block_width = info_.block_height = 256;
  }
  const RasterInfo& info() const override { return info_; }
  Raster Read(const Window& window) override {
    if (++num_read == fail_at) throw IoError(IoError::Operation::kRead, "scene: a bad block");
    return Cropped(raster_, window);
  }

  int num_read = 0, fail_at = 0;  // reads, from 1; 0: none fails

 private:
  const Raster& raster_;
  RasterInfo info_;
};

SegmentOptions ThreeClasses() {
  SegmentOptions options;
  options.fit.num_components = 3;
  return options;
}

constexpr std::int64_t kEnough = std::int64_t{600} << 20;

TEST_CASE("scene: cells cover the raster, each pixel once") {
  const Raster raster = Stripes(1100, 700, SampleType::kUint8);
  HeldReader reader(raster);
  CellReader cells(reader);
  CHECK(cells.size() == 6);
  std::int64_t pixels = 0;
  for (std::int64_t cell = 0; cell < cells.size(); ++cell) {
    const Window window = cells.At(cell);
    CHECK(window.x % kCellSide == 0);
    CHECK(window.y % kCellSide == 0);
    pixels += window.width * window.height;
    CHECK(cells.Read(cell).num_pixels() == window.width * window.height);
  }
  CHECK(pixels == raster.num_pixels());
}

TEST_CASE("scene: counted colours give the model of the whole, to the last bit") {
  const Raster raster = Stripes(1100, 700, SampleType::kUint8);
  const SegmentOptions options = ThreeClasses();
  const Model whole = Segment(raster, options).model;
  HeldReader reader(raster);
  CellReader cells(reader);
  const ScenePlan plan = PlanScene(reader.info(), options, 3, {}, kEnough);
  const SceneFit fit = FitScene(cells, plan, options, 3, {});
  CHECK(fit.exact);
  CHECK(fit.num_passes == 1);
  CHECK(reader.num_read == 6);
  CHECK(fit.model.mixture().means == whole.mixture().means);
  CHECK(fit.model.mixture().weights == whole.mixture().weights);
  CHECK(fit.model.fit.log_likelihood == whole.fit.log_likelihood);
  for (int k = 0; k < 3; ++k)
    CHECK(fit.model.classes[k].share == doctest::Approx(whole.classes[k].share));
}

TEST_CASE(
    "scene: colours that are too many, and floats, are sampled, and all pixels refine the fit") {
  const SegmentOptions options = ThreeClasses();
  for (const SampleType type : {SampleType::kUint8, SampleType::kFloat32}) {
    const Raster raster = Stripes(1100, 700, type);
    const Model whole = Segment(raster, options).model;
    std::vector<Eigen::MatrixXd> means;
    for (const int threads : {1, 2})
      for (const int cells_at_a_time : {1, 3}) {
        const ThreadLimit limit(threads);
        HeldReader reader(raster);
        CellReader cells(reader);
        ScenePlan plan = PlanScene(reader.info(), options, 3, {}, kEnough);
        plan.cells_at_a_time = cells_at_a_time;
        plan.pool_bytes = 1000;
        plan.fallback.content = FeaturePool::Content::kSample;
        plan.fallback.chance = 0.02;
        if (type == SampleType::kFloat32) plan.pool = plan.fallback;
        const SceneFit fit = FitScene(cells, plan, options, 3, {});
        CHECK(!fit.exact);
        CHECK(std::abs(static_cast<double>(fit.num_sampled) / 0.02 / 705850 - 1) < 0.1);
        CHECK(fit.model.fit.num_samples == whole.fit.num_samples);
        CHECK(fit.model.fit.log_likelihood ==
              doctest::Approx(whole.fit.log_likelihood).epsilon(1e-4));
        CHECK((fit.model.mixture().means - whole.mixture().means).cwiseAbs().maxCoeff() < 0.05);
        means.push_back(fit.model.mixture().means);
      }
    for (const Eigen::MatrixXd& each : means) CHECK(each == means.front());
  }
}

TEST_CASE("scene: what a reader throws passes through, and nothing hangs") {
  const Raster raster = Stripes(1100, 700, SampleType::kUint8);
  for (const int fail_at : {1, 4}) {
    HeldReader reader(raster);
    reader.fail_at = fail_at;
    CellReader cells(reader);
    const ScenePlan plan = PlanScene(reader.info(), ThreeClasses(), 3, {}, kEnough);
    CHECK_THROWS_WITH_AS(FitScene(cells, plan, ThreeClasses(), 3, {}), "scene: a bad block",
                         IoError);
  }
}

TEST_CASE("scene: too little memory says how much suffices") {
  const Raster raster = Stripes(1100, 700, SampleType::kUint8);
  const HeldReader reader(raster);
  const auto plan = [&](std::int64_t megabytes) {
    return PlanScene(reader.info(), ThreeClasses(), 3, {}, megabytes << 20);
  };
  std::string refusal;
  try {
    plan(50);
  } catch (const MemoryError& error) {
    refusal = error.what();
  }
  const std::size_t at = refusal.find("at least ");
  REQUIRE(at != std::string::npos);
  const std::int64_t least = std::atoll(refusal.c_str() + at + 9);
  CHECK_THROWS_AS(plan(least - 1), MemoryError);
  CHECK(plan(least).cells_at_a_time == 1);
  CHECK(plan(10 * least).cells_at_a_time >= 3);
}

TEST_CASE("scene: small pieces are seen whole as far as memory allows, and the plan counts that") {
  CHECK(PieceMargin(2) == 128);
  CHECK(PieceMargin(400) == 399);
  CHECK(PieceMargin(100000) == kMostPieceMargin);
  const Raster raster = Stripes(1100, 700, SampleType::kUint8);
  const HeldReader reader(raster);
  const auto at_a_time = [&](std::int64_t min_size) {
    SceneOutputs outputs;
    outputs.piece_margin = PieceMargin(min_size);
    return PlanScene(reader.info(), ThreeClasses(), 3, outputs, kEnough).piece_windows_at_a_time;
  };
  const ThreadLimit limit(2);
  CHECK(at_a_time(10) > at_a_time(500));
}

TEST_CASE("scene: ranks have the model of one process, to the last bit, however many they are") {
  SegmentOptions three = ThreeClasses(), projected = ThreeClasses(), chosen = ThreeClasses();
  projected.features.color = ColorSpace::kRaw;
  projected.features.num_principal = 2;
  chosen.choose = ComponentRange{1, 3};
  for (const SegmentOptions& options : {three, projected, chosen})
    for (const SampleType type : {SampleType::kUint8, SampleType::kFloat32}) {
      if (options.choose && type == SampleType::kFloat32) continue;
      const Raster raster = Stripes(1100, 700, type);
      const auto fit_by = [&](Ranks* ranks, std::int64_t pool_bytes) {
        HeldReader reader(raster);
        CellReader cells(reader);
        SegmentOptions shared = options;
        shared.fit.ranks = ranks;
        ScenePlan plan = PlanScene(reader.info(), shared, 3, {}, kEnough);
        plan.pool_bytes = pool_bytes;
        plan.fallback.content = FeaturePool::Content::kSample;
        plan.fallback.chance = 0.02;
        return FitScene(cells, plan, shared, 3, {});
      };
      for (const std::int64_t pool_bytes : {kEnough, std::int64_t{1000}}) {
        const SceneFit alone = fit_by(nullptr, pool_bytes);
        for (const int size : {2, 8}) {  // of 6 cells
          std::vector<SceneFit> fits(size);
          ThreadRanks::Run(size,
                           [&](Ranks& ranks) { fits[ranks.rank()] = fit_by(&ranks, pool_bytes); });
          for (const SceneFit& fit : fits) {
            CHECK(fit.exact == alone.exact);
            CHECK(fit.num_sampled == alone.num_sampled);
            CHECK(fit.num_passes == alone.num_passes);
            CHECK(fit.model.mixture().means == alone.model.mixture().means);
            CHECK(fit.model.mixture().weights == alone.model.mixture().weights);
            CHECK(fit.model.mixture().covariances == alone.model.mixture().covariances);
            CHECK(fit.model.fit.history == alone.model.fit.history);
          }
        }
      }
    }
}

}  // namespace
}  // namespace gmmseg
