#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/threads.h>
#include <gmmseg/tissues.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/random.h"

namespace gmmseg {
namespace {

// A ball of three tissues, one around the other: WM within, GM, CSF; each voxel's shares by eight
// points in it. Intensities are 1000 · their means times a field that is linear along x, with
// noise.
struct Phantom {
  struct Look {
    std::array<double, 3> means{0.3, 0.65, 1};  // of CSF, GM, WM
    double noise = 0.03, uneven = 0.4;  // the field goes from 1 − uneven / 2 to 1 + uneven / 2
    double offset = 0, scale = 1000;
    SampleType type = SampleType::kUint16;
    std::array<double, 3> spacing{1, 1, 1};
  };

  Phantom(std::int64_t width, std::int64_t height, std::int64_t depth)
      : Phantom(width, height, depth, Look()) {}
  Phantom(std::int64_t width, std::int64_t height, std::int64_t depth, const Look& look)
      : raster(width, height, 1, look.type, ColorModel::kGray, depth) {
    VolumeGeometry volume;
    volume.spacing = look.spacing;
    raster.SetVolume(volume);
    RandomStream random(1, 1);
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      SetFractions(i);
      field.push_back(
          1 + look.uneven *
                  ((static_cast<double>(i % width) + 0.5) / static_cast<double>(width) - 0.5));
      double value = 0;
      for (int k = 0; k < 3; ++k) value += fractions[k].back() * look.means[k];
      if (value == 0) raster.Invalidate(i);
      Put(i, look.offset + look.scale * (value * field.back() + look.noise * random.Normal()));
    }
  }

  void SetFractions(std::int64_t i) {
    const std::array<std::int64_t, 3> extent{raster.width(), raster.height(), raster.depth()};
    const std::array<std::int64_t, 3> at{i % extent[0], i / extent[0] % extent[1],
                                         i / extent[0] / extent[1]};
    std::array<double, 3> sums{};
    for (int corner = 0; corner < 8; ++corner) {
      double square = 0;
      for (int a = 0; a < 3; ++a) {
        const double place = static_cast<double>(at[a]) + (corner >> a & 1 ? 0.75 : 0.25);
        const double half = static_cast<double>(extent[a]) / 2;
        if (extent[a] > 1) square += std::pow((place - half) / half, 2);
      }
      if (square < 1) sums[square < 0.4 ? 2 : square < 0.75 ? 1 : 0] += 1.0 / 8;
    }
    const double whole = sums[0] + sums[1] + sums[2];
    for (int k = 0; k < 3; ++k) fractions[k].push_back(whole == 1 ? sums[k] : 0);
  }

  void Put(std::int64_t i, double value) {
    if (raster.type() == SampleType::kUint8)
      raster.Band<std::uint8_t>(0)[i] =
          static_cast<std::uint8_t>(std::clamp(std::round(value), 0.0, 255.0));
    else if (raster.type() == SampleType::kUint16)
      raster.Band<std::uint16_t>(0)[i] =
          static_cast<std::uint16_t>(std::clamp(std::round(value), 0.0, 65535.0));
    else
      raster.Band<float>(0)[i] = static_cast<float>(value);
  }

  int Truth(std::int64_t i) const {
    int best = 0;
    for (int k = 1; k < 3; ++k)
      if (fractions[k][i] > fractions[best][i]) best = k;
    return best + 1;
  }

  double Dice(const TissueSegmentation& found) const {
    double sum = 0;
    for (int k = 1; k <= 3; ++k) {
      double both = 0, either = 0;
      for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
        if (!raster.IsValid(i)) continue;
        const bool is = Truth(i) == k, said = found.segmentation.labels[i] == k;
        both += is && said;
        either += is + said;
      }
      sum += 2 * both / either / 3;
    }
    return sum;
  }

  // The deviation of what is left of the field, by its mean.
  double FieldLeft(const TissueSegmentation& found) const {
    double count = 0, sum = 0, squares = 0;
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      if (!raster.IsValid(i)) continue;
      const double ratio = found.bias[i] / field[i];
      ++count;
      sum += ratio;
      squares += ratio * ratio;
    }
    return std::sqrt(squares * count / (sum * sum) - 1);
  }

  Raster raster;
  std::array<std::vector<double>, 3> fractions;
  std::vector<double> field;
};

void CheckSound(const Raster& raster, const TissueSegmentation& found) {
  const Segmentation& segmentation = found.segmentation;
  REQUIRE(segmentation.num_pixels() == raster.num_pixels());
  const auto posteriors = segmentation.Posteriors(1, 3);
  double shares = 0;
  for (const ClassEntry& entry : segmentation.classes) shares += entry.share;
  CHECK(shares == doctest::Approx(1));
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    double sum = 0, largest = -1;
    int label = 0;
    for (int k = 0; k < 3; ++k) {
      REQUIRE(std::isfinite(posteriors[k][i]));
      sum += posteriors[k][i];
      if (posteriors[k][i] > largest && posteriors[k][i] > 0) label = k + 1;
      largest = std::max<double>(largest, posteriors[k][i]);
    }
    REQUIRE(found.restored.IsValid(i) == (segmentation.labels[i] > 0));
    REQUIRE(segmentation.labels[i] == label);
    if (label == 0) continue;
    REQUIRE(sum == doctest::Approx(1).epsilon(1e-4));
    REQUIRE(std::isfinite(found.restored.Band<float>(0)[i]));
    if (!found.bias.empty()) REQUIRE(found.bias[i] > 0);
  }
  REQUIRE(segmentation.model.mixture().means.allFinite());
  REQUIRE(!found.facts.log_likelihoods.empty());
  for (const double value : found.facts.log_likelihoods) REQUIRE(std::isfinite(value));
}

std::string ErrorOf(const Raster& raster, const TissueOptions& options) {
  try {
    SegmentTissues(raster, options);
  } catch (const ParameterError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("tissues: a phantom's labels, shares, means and field") {
  const Phantom phantom(32, 32, 24);
  const TissueSegmentation found = SegmentTissues(phantom.raster, {});
  CheckSound(phantom.raster, found);
  CHECK(found.facts.converged);
  CHECK(phantom.Dice(found) > 0.95);
  CHECK(phantom.FieldLeft(found) < 0.025);
  const GaussianMixture& mixture = found.segmentation.model.mixture();
  CHECK(mixture.means(0, 0) == doctest::Approx(300).epsilon(0.05));
  CHECK(mixture.means(1, 0) == doctest::Approx(650).epsilon(0.03));
  CHECK(mixture.means(2, 0) == doctest::Approx(1000).epsilon(0.02));
  CHECK(found.facts.deviation == doctest::Approx(30).epsilon(0.15));
  CHECK(found.segmentation.classes[0].name == "CSF");
  CHECK(found.segmentation.classes[1].name == "GM");
  CHECK(found.segmentation.classes[2].name == "WM");
  // Posteriors are shares.
  const auto posteriors = found.segmentation.Posteriors(1, 3);
  double squares = 0, count = 0;
  for (std::int64_t i = 0; i < phantom.raster.num_pixels(); ++i) {
    if (!phantom.raster.IsValid(i)) continue;
    for (int k = 0; k < 3; ++k) squares += std::pow(posteriors[k][i] - phantom.fractions[k][i], 2);
    count += 3;
  }
  CHECK(std::sqrt(squares / count) < 0.1);
  // 1 in the mean; restored is the volume divided by it.
  double sum = 0;
  for (std::int64_t i = 0; i < phantom.raster.num_pixels(); ++i) {
    if (!phantom.raster.IsValid(i)) continue;
    sum += found.bias[i];
    CHECK(found.restored.Band<float>(0)[i] ==
          static_cast<float>(phantom.raster.Band<std::uint16_t>(0)[i]) / found.bias[i]);
  }
  CHECK(sum / (count / 3) == doctest::Approx(1).epsilon(1e-4));
  CHECK(found.facts.bias_least < 0.9);
  CHECK(found.facts.bias_most > 1.1);
  CHECK(found.facts.num_foreground == phantom.raster.CountValid());
}

TEST_CASE("tissues: no step lowers the likelihood by more than the table's rounding") {
  for (const double noise : {0.01, 0.03, 0.09})
    for (const TissueVariances variances : {TissueVariances::kTied, TissueVariances::kFree}) {
      Phantom::Look look;
      look.noise = noise;
      TissueOptions options;
      options.variances = variances;
      options.tolerance = 0;
      options.max_iterations = 40;
      const TissueSegmentation found = SegmentTissues(Phantom(32, 32, 24, look).raster, options);
      const std::vector<double>& values = found.facts.log_likelihoods;
      for (std::size_t i = 1; i < values.size(); ++i) CHECK(values[i] > values[i - 1] - 5e-4);
      CHECK(values.back() > values.front());
      const std::vector<double>& energies = found.facts.energies;
      for (std::size_t i = 1; i < energies.size(); ++i)
        CHECK(energies[i] <= energies[i - 1] + 1e-6);
    }
}

TEST_CASE("tissues: presets put classes in their order") {
  const struct {
    TissuePreset preset;
    std::array<double, 3> means;
  } cases[] = {{TissuePreset::kT1, {0.3, 0.65, 1}},
               {TissuePreset::kT2, {1, 0.65, 0.35}},
               {TissuePreset::kFlair, {0.2, 1, 0.7}},
               {TissuePreset::kCt, {0.3, 1, 0.7}}};
  for (const auto& [preset, means] : cases) {
    CAPTURE(std::string(ToString(preset)));
    Phantom::Look look;
    look.means = means;
    look.uneven = preset == TissuePreset::kCt ? 0 : 0.2;
    const Phantom phantom(32, 32, 24, look);
    TissueOptions options;
    options.preset = preset;
    const TissueSegmentation found = SegmentTissues(phantom.raster, options);
    CheckSound(phantom.raster, found);
    CHECK(phantom.Dice(found) > 0.93);
    CHECK(found.bias.empty() == (preset == TissuePreset::kCt));
    for (int k = 0; k < 3; ++k)
      CHECK(found.segmentation.model.mixture().means(k, 0) ==
            doctest::Approx(1000 * means[k]).epsilon(0.06));
    CHECK(ParseTissuePreset(ToString(preset)) == preset);
  }
  CHECK_THROWS_AS(ParseTissuePreset("t3"), ParameterError);
}

TEST_CASE("tissues: without bias nothing is restored") {
  Phantom::Look look;
  look.uneven = 0;
  const Phantom phantom(32, 32, 24, look);
  TissueOptions options;
  options.bias = false;
  const TissueSegmentation found = SegmentTissues(phantom.raster, options);
  CheckSound(phantom.raster, found);
  CHECK(found.bias.empty());
  CHECK(found.facts.bias_least == 1);
  CHECK(found.facts.bias_most == 1);
  CHECK(phantom.Dice(found) > 0.95);
  for (std::int64_t i = 0; i < phantom.raster.num_pixels(); ++i)
    if (phantom.raster.IsValid(i))
      CHECK(found.restored.Band<float>(0)[i] == phantom.raster.Band<std::uint16_t>(0)[i]);
}

TEST_CASE("tissues: variances free, mixes none, neighbours 26 or none, knots near") {
  const Phantom phantom(32, 32, 24);
  TissueOptions options;
  options.variances = TissueVariances::kFree;
  TissueSegmentation found = SegmentTissues(phantom.raster, options);
  CheckSound(phantom.raster, found);
  CHECK(phantom.Dice(found) > 0.94);
  CHECK(found.segmentation.model.mixture().covariance_type == CovarianceType::kFull);
  options = {};
  options.num_mixes = 0;
  found = SegmentTissues(phantom.raster, options);
  CheckSound(phantom.raster, found);
  CHECK(phantom.Dice(found) > 0.9);
  options = {};
  options.diagonal_neighbours = true;
  options.strength = 0.3;
  found = SegmentTissues(phantom.raster, options);
  CheckSound(phantom.raster, found);
  CHECK(found.facts.strength == 0.3);
  CHECK(phantom.Dice(found) > 0.94);
  options = {};
  options.strength = 0;
  options.bias_resolution = 15;
  found = SegmentTissues(phantom.raster, options);
  CheckSound(phantom.raster, found);
  CHECK(found.facts.energies.empty());
  CHECK(phantom.Dice(found) > 0.93);
}

TEST_CASE("tissues: voxels of any shape and type, thick slices and a single one") {
  for (const SampleType type : {SampleType::kUint8, SampleType::kUint16, SampleType::kFloat32}) {
    Phantom::Look look;
    look.type = type;
    look.scale = type == SampleType::kUint8 ? 180 : type == SampleType::kFloat32 ? 0.01 : 30000;
    const Phantom phantom(32, 32, 24, look);
    const TissueSegmentation found = SegmentTissues(phantom.raster, {});
    CheckSound(phantom.raster, found);
    CHECK(phantom.Dice(found) > 0.95);
    CHECK(phantom.FieldLeft(found) < 0.025);
  }
  Phantom::Look look;
  look.spacing = {1, 1, 3};
  const Phantom thick(40, 40, 10, look), slice(90, 80, 1);
  for (const Phantom* phantom : {&thick, &slice}) {
    const TissueSegmentation found = SegmentTissues(phantom->raster, {});
    CheckSound(phantom->raster, found);
    CHECK(phantom->Dice(found) > 0.94);
    CHECK(phantom->FieldLeft(found) < 0.025);
  }
}

TEST_CASE("tissues: a background that nobody took away") {
  Phantom phantom(32, 32, 24);
  Raster all(32, 32, 1, SampleType::kFloat32, ColorModel::kGray, 24);
  for (std::int64_t i = 0; i < all.num_pixels(); ++i)
    all.Band<float>(0)[i] =
        phantom.raster.IsValid(i) ? phantom.raster.Band<std::uint16_t>(0)[i] : 0.0f;
  TissueOptions options;
  options.foreground = Foreground::kAuto;
  const TissueSegmentation found = SegmentTissues(all, options);
  CheckSound(all, found);
  CHECK(found.facts.num_foreground == phantom.raster.CountValid());
  CHECK(*found.facts.threshold == 0);
  CHECK(phantom.Dice(found) > 0.95);
}

TEST_CASE("tissues: voxels without data may hold anything") {
  Phantom::Look look;
  look.type = SampleType::kFloat32;
  Phantom phantom(32, 32, 24, look), other(32, 32, 24, look);
  for (std::int64_t i = 0; i < phantom.raster.num_pixels(); ++i) {
    if (i % 5 == 0) phantom.raster.Invalidate(i), other.raster.Invalidate(i);
    if (!other.raster.IsValid(i))
      other.raster.Band<float>(0)[i] = i % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                                  : std::numeric_limits<float>::infinity();
  }
  const TissueSegmentation found = SegmentTissues(phantom.raster, {}),
                           same = SegmentTissues(other.raster, {});
  CheckSound(other.raster, same);
  CHECK(found.segmentation.labels == same.segmentation.labels);
  CHECK(found.facts.log_likelihoods == same.facts.log_likelihoods);
}

TEST_CASE("tissues: the same bits for any number of threads") {
  const Phantom phantom(40, 32, 24);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return SegmentTissues(phantom.raster, {});
  };
  const TissueSegmentation one = run(1), two = run(2);
  CHECK(one.segmentation.labels == two.segmentation.labels);
  CHECK(one.bias == two.bias);
  CHECK(one.facts.log_likelihoods == two.facts.log_likelihoods);
  CHECK(one.facts.energies == two.facts.energies);
  CHECK(one.segmentation.Posteriors(1, 3) == two.segmentation.Posteriors(1, 3));
}

TEST_CASE("tissues: a few voxels are segmented or refused, and all stays finite") {
  RandomStream random(2, 1);
  for (const std::array<std::int64_t, 3>& size : {std::array<std::int64_t, 3>{3, 3, 3},
                                                  {1, 1, 5},
                                                  {5, 1, 1},
                                                  {1, 1, 1},
                                                  {2, 1, 2},
                                                  {9, 2, 1},
                                                  {4, 4, 4}})
    for (int trial = 0; trial < 20; ++trial)
      for (const bool bias : {true, false}) {
        Raster raster(size[0], size[1], 1, SampleType::kFloat32, ColorModel::kGray, size[2]);
        const double offset = trial % 4 == 0 ? -1 : 0, scale = std::pow(10, trial % 7 - 3);
        for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
          raster.Band<float>(0)[i] = static_cast<float>(scale * (offset + random.Uniform()));
        TissueOptions options;
        options.bias = bias;
        options.max_iterations = trial % 3 == 0 ? 1 : 200;
        TissueSegmentation found;
        try {
          found = SegmentTissues(raster, options);
        } catch (const ParameterError& error) {
          CHECK(std::string(error.what()).find("intensit") != std::string::npos);
          continue;
        }
        CheckSound(raster, found);
      }
}

TEST_CASE("tissues: what cannot be segmented is refused, and says why") {
  const Phantom phantom(12, 12, 9);
  Raster two(4, 4, 2, SampleType::kUint8, ColorModel::kMultiband, 4);
  CHECK(ErrorOf(two, {}).starts_with("2 bands"));
  Raster flat(6, 6, 1, SampleType::kUint8, ColorModel::kGray, 6);
  CHECK(ErrorOf(flat, {}).find("intensity 0") != std::string::npos);
  for (std::int64_t i = 0; i < 100; ++i) flat.Band<std::uint8_t>(0)[i] = 9;
  CHECK(ErrorOf(flat, {}).starts_with("2 different intensities"));
  for (std::int64_t i = 0; i < flat.num_pixels(); ++i) flat.Invalidate(i);
  CHECK(ErrorOf(flat, {}).starts_with("no voxel"));

  const auto with = [&](auto change) {
    TissueOptions options;
    change(options);
    return ErrorOf(phantom.raster, options);
  };
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK(with([](TissueOptions& o) { o.num_mixes = -1; }).starts_with("num_mixes = -1"));
  CHECK(with([](TissueOptions& o) { o.num_mixes = 51; }).starts_with("num_mixes = 51"));
  for (const double value : {9.9, -1.0, nan, infinity})
    CHECK(
        with([&](TissueOptions& o) { o.bias_resolution = value; }).starts_with("bias_resolution"));
  for (const double value : {-0.1, nan, infinity})
    CHECK(with([&](TissueOptions& o) { o.strength = value; }).starts_with("strength"));
  CHECK(with([](TissueOptions& o) { o.max_sweeps = -1; }).starts_with("max_sweeps = -1"));
  CHECK(!with([](TissueOptions& o) { o.max_iterations = 0; }).empty());
  CHECK(!with([&](TissueOptions& o) { o.tolerance = nan; }).empty());
  const Raster wide(3000, 3000, 1, SampleType::kUint8, ColorModel::kGray);
  CHECK(ErrorOf(wide, {}).starts_with("a field with a knot every 50 mm"));
}

}  // namespace
}  // namespace gmmseg
