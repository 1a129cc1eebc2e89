#include "segment/smooth.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>

#include "base/random.h"
#include "raster/parts.h"

namespace {

using namespace gmmseg;

// Grey: left half about 100, the rest about 150, with noise of 25 grey levels; every 13th pixel
// without data.
Raster NoisyHalves(std::int64_t width, std::int64_t height, std::int64_t depth, SampleType type) {
  Raster raster(width, height, 1, type, ColorModel::kGray, depth);
  RandomStream random(1, 1);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const double value =
        std::clamp((i % width < width / 2 ? 100 : 150) + 25 * random.Normal(), 0.0, 255.0);
    if (type == SampleType::kUint8)
      raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(std::lround(value));
    else
      raster.Band<float>(0)[i] = static_cast<float>(std::lround(value));
    if (i % 13 == 0) raster.Invalidate(i);
  }
  return raster;
}

SegmentOptions TwoClasses(SmoothMethod method) {
  SegmentOptions options;
  options.fit.num_components = 2;
  options.smooth.method = method;
  return options;
}

std::int64_t NumWrong(const Segmentation& result) {
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < result.num_pixels(); ++i)
    if (result.labels[i] > 0)
      wrong += (result.labels[i] == 1) != (i % result.width < result.width / 2);
  return wrong;
}

// Labels are the most probable classes, shares the labels', and sums of probabilities 1.
void CheckAgrees(const Segmentation& result) {
  const auto posteriors = result.Posteriors(1, static_cast<int>(result.classes.size()));
  const std::vector<float> uncertainty = result.Uncertainty();
  std::vector<std::int64_t> pixels(posteriors.size());
  for (std::int64_t i = 0; i < result.num_pixels(); ++i) {
    double sum = 0, entropy = 0;
    std::size_t best = 0;
    for (std::size_t k = 0; k < posteriors.size(); ++k) {
      const double p = posteriors[k][i];
      sum += p;
      if (p > 0) entropy -= p * std::log(p);
      if (p > posteriors[best][i]) best = k;
    }
    if (!result.PlaceHasData(result.PlaceOf(i))) {
      CHECK((result.labels[i] == 0 && sum == 0 && uncertainty[result.PlaceOf(i)] == 0));
      continue;
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-5));
    CHECK(result.labels[i] == best + 1);
    CHECK(
        uncertainty[result.PlaceOf(i)] ==
        doctest::Approx(entropy / std::log(static_cast<double>(posteriors.size()))).epsilon(1e-4));
    ++pixels[best];
  }
  for (std::size_t k = 0; k < pixels.size(); ++k)
    CHECK(result.classes[k].share ==
          doctest::Approx(static_cast<double>(pixels[k]) / static_cast<double>(result.num_valid)));
}

TEST_CASE("smooth: labels, posteriors, uncertainty and shares are of the smoothed classes") {
  for (const SampleType type : {SampleType::kUint8, SampleType::kFloat32})
    for (const std::int64_t depth : {1, 6}) {
      const Raster raster = NoisyHalves(40, 30, depth, type);
      const Segmentation plain = Segment(raster, TwoClasses(SmoothMethod::kOff));
      CHECK(plain.planes.entry.empty() == (type == SampleType::kFloat32));
      CHECK(!plain.IsSmooth());
      CheckAgrees(plain);
      for (const SmoothMethod method : {SmoothMethod::kGuided, SmoothMethod::kPotts}) {
        const Segmentation smooth = Segment(raster, TwoClasses(method));
        CHECK(smooth.IsSmooth());
        CHECK(smooth.smoothing.method == method);
        CheckAgrees(smooth);
        CHECK(NumWrong(smooth) < NumWrong(plain));
        if (method == SmoothMethod::kPotts) CHECK(10 * NumWrong(smooth) < NumWrong(plain));
        // The mixture's own numbers stay.
        CHECK(smooth.sample_log_density == plain.sample_log_density);
        CHECK(smooth.sample_uncertainty == plain.sample_uncertainty);
        CHECK(smooth.log_likelihood == plain.log_likelihood);
        CHECK(smooth.model.classes[0].share == plain.model.classes[0].share);
        const Segmentation applied = Apply(raster, plain.model, TwoClasses(method).smooth);
        CHECK(applied.labels == smooth.labels);
        CHECK(applied.Posteriors(1, 2) == smooth.Posteriors(1, 2));
      }
    }
}

TEST_CASE("smooth: a palette's pixels and the same pixels each by itself come out alike") {
  SegmentOptions options = TwoClasses(SmoothMethod::kOff);
  options.features.color = ColorSpace::kRaw;
  const Raster bytes = NoisyHalves(60, 40, 1, SampleType::kUint8);
  const Model model = Segment(bytes, options).model;
  for (const SmoothMethod method : {SmoothMethod::kGuided, SmoothMethod::kPotts}) {
    SmoothOptions smooth;
    smooth.method = method;
    smooth.temper = 0.1;
    const Segmentation whole = Apply(bytes, model, smooth);
    const Segmentation apart = Apply(NoisyHalves(60, 40, 1, SampleType::kFloat32), model, smooth);
    CHECK(whole.planes.entry.size() == 2400);
    CHECK(apart.planes.entry.empty());
    double worst = 0;
    const auto of_whole = whole.Posteriors(1, 2), of_apart = apart.Posteriors(1, 2);
    for (int k = 0; k < 2; ++k)
      for (std::size_t i = 0; i < of_whole[k].size(); ++i)
        worst = std::max(worst, std::abs(double{of_whole[k][i]} - of_apart[k][i]));
    CHECK(worst < 1e-3);
  }
}

TEST_CASE("smooth: small pieces go also where nothing is smoothed, and posteriors stay") {
  const Raster raster = NoisyHalves(40, 30, 1, SampleType::kUint8);
  const Segmentation plain = Segment(raster, TwoClasses(SmoothMethod::kOff));
  SmoothOptions smooth;
  smooth.min_size = 200;
  const Segmentation pieces = Apply(raster, plain.model, smooth);
  CHECK(!pieces.IsSmooth());
  CHECK(pieces.Posteriors(1, 2) == plain.Posteriors(1, 2));
  CHECK(pieces.smoothing.pieces_moved > 0);
  std::int64_t moved = 0;
  for (std::size_t i = 0; i < plain.labels.size(); ++i)
    moved += pieces.labels[i] != plain.labels[i];
  CHECK(pieces.smoothing.pixels_moved == moved);
  CHECK(pieces.classes[0].share ==
        doctest::Approx(static_cast<double>(std::ranges::count(pieces.labels, 1)) /
                        static_cast<double>(pieces.num_valid)));
}

// Checks that parts, of cells of 40 × 40 pixels and what SmoothReach says around them, are smoothed
// as the whole is: the same labels, and posteriors but for what scaling each part by itself rounds.
void CheckParts(const Raster& raster, const Model& model, const SmoothOptions& smooth) {
  constexpr std::int64_t kCell = 40;
  const std::int64_t reach = SmoothReach(smooth), width = raster.width();
  const Segmentation whole = Apply(raster, model, smooth);
  const auto expected = whole.Posteriors(1, 2);
  std::int64_t num_other = 0;
  double worst = 0;
  for (std::int64_t top = 0; top < raster.height(); top += kCell)
    for (std::int64_t left = 0; left < width; left += kCell) {
      const std::int64_t x = std::max<std::int64_t>(0, left - reach);
      const std::int64_t y = std::max<std::int64_t>(0, top - reach);
      const std::int64_t right = std::min(width, left + kCell);
      const std::int64_t bottom = std::min(raster.height(), top + kCell);
      const Window window{x, y, std::min(width, right + reach) - x,
                          std::min(raster.height(), bottom + reach) - y};
      const Segmentation part = Apply(Cropped(raster, window), model, smooth);
      const auto found = part.Posteriors(1, 2);
      for (std::int64_t row = top; row < bottom; ++row)
        for (std::int64_t column = left; column < right; ++column) {
          const std::int64_t i = row * width + column, j = (row - y) * part.width + column - x;
          num_other += part.labels[j] != whole.labels[i];
          for (int k = 0; k < 2; ++k)
            worst = std::max(worst, std::abs(double{found[k][j]} - expected[k][i]));
        }
    }
  CHECK(num_other == 0);
  CHECK(worst < 1e-5);
}

TEST_CASE("smooth: parts that reach far enough come out as the whole") {
  SmoothOptions potts;
  potts.method = SmoothMethod::kPotts;
  potts.beta = 1.2;
  potts.temper = 0.5;
  potts.contrast = 0.02;
  potts.max_sweeps = 5;
  potts.tolerance = 0;
  for (const SampleType type : {SampleType::kUint8, SampleType::kFloat32}) {
    const Raster raster = NoisyHalves(130, 90, 1, type);
    const Model model = Segment(raster, TwoClasses(SmoothMethod::kOff)).model;
    CheckParts(raster, model, potts);
    for (const int subsampling : {1, 2, 4}) {
      SmoothOptions guided;
      guided.method = SmoothMethod::kGuided;
      guided.subsampling = subsampling;
      CheckParts(raster, model, guided);
    }
  }
}

TEST_CASE("smooth: how far pixels depend on each other, in multiples of 4") {
  SmoothOptions options;
  CHECK(SmoothReach(options) == 0);
  options.min_size = 100;
  CHECK(SmoothReach(options) == 0);
  options.method = SmoothMethod::kPotts;
  CHECK(SmoothReach(options) == 20);
  options.max_sweeps = 3;
  CHECK(SmoothReach(options) == 8);
  for (const SmoothMethod method : {SmoothMethod::kGuided, SmoothMethod::kAuto}) {
    options.method = method;
    for (const auto& [subsampling, reach] : {std::pair{1, 16}, {2, 20}, {4, 24}}) {
      options.subsampling = subsampling;
      CHECK(SmoothReach(options) == reach);
    }
  }
}

TEST_CASE("smooth: options out of range say what they are and must be") {
  const auto refusal = [](const auto& change) -> std::string {
    SmoothOptions options;
    options.method = SmoothMethod::kPotts;
    change(options);
    try {
      Validate(options);
    } catch (const ParameterError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal([](SmoothOptions&) {}).empty());
  CHECK(refusal([](SmoothOptions& o) { o.beta = 0; }) == "beta = 0; must be > 0");
  CHECK(refusal([](SmoothOptions& o) { o.beta = NAN; }) == "beta = nan; must be > 0");
  CHECK(refusal([](SmoothOptions& o) { o.temper = 2; }) == "temper = 2; must be > 0 and at most 1");
  CHECK(refusal([](SmoothOptions& o) { o.contrast = 0; }).empty());
  CHECK(refusal([](SmoothOptions& o) { o.contrast = -1; }) == "contrast = -1; must be >= 0");
  CHECK(refusal([](SmoothOptions& o) { o.contrast = NAN; }) == "contrast = nan; must be >= 0");
  CHECK(refusal([](SmoothOptions& o) { o.max_sweeps = 0; }) == "max_sweeps = 0; must be >= 1");
  CHECK(refusal([](SmoothOptions& o) { o.tolerance = -1; }) == "tolerance = -1; must be >= 0");
  CHECK(refusal([](SmoothOptions& o) { o.radius = 0; }) == "radius = 0; must be >= 1");
  CHECK(refusal([](SmoothOptions& o) { o.epsilon = 0; }) == "epsilon = 0; must be > 0");
  CHECK(refusal([](SmoothOptions& o) { o.subsampling = 3; }) ==
        "subsampling = 3; must be 1, 2 or 4, and at most the radius, " +
            std::to_string(SmoothOptions().radius));
  CHECK(refusal([](SmoothOptions& o) { o.min_size = -1; }) == "min_size = -1; must be >= 0");
  CHECK_THROWS_AS(ParseSmoothMethod("strong"), ParameterError);
  for (const char* word : {"off", "auto", "guided", "potts"})
    CHECK(ToString(ParseSmoothMethod(word)) == word);
}

TEST_CASE("smooth: samples without neighbours are refused") {
  const Raster raster = NoisyHalves(40, 30, 1, SampleType::kUint8);
  SegmentOptions options = TwoClasses(SmoothMethod::kAuto);
  CHECK_THROWS_AS(FitModel(ComputeFeatures(raster, options.features), options), ParameterError);
  options.smooth = {};
  options.smooth.min_size = 5;
  CHECK_THROWS_AS(FitModel(ComputeFeatures(raster, options.features), options), ParameterError);
}

}  // namespace
