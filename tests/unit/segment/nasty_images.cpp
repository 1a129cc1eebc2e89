#include "nasty_images.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "../nasty_draw.h"

namespace gmmseg {
namespace {

struct Shape {
  std::int64_t width, height, depth;
};

Shape MakeShape(NastyDraw& draw) {
  switch (draw.Int(0, 8)) {
    case 0:
      return {1, 1, 1};
    case 1:
      return {draw.Int(2, 60), 1, 1};
    case 2:
      return {1, draw.Int(2, 60), 1};
    case 3:
      return {draw.Int(1, 5), draw.Int(1, 5), draw.Int(2, 4)};
    default:
      return {draw.Int(2, 20), draw.Int(2, 20), 1};
  }
}

Raster EmptyRaster(NastyDraw& draw) {
  constexpr std::array kTypes{SampleType::kUint8, SampleType::kUint16, SampleType::kFloat32};
  const Shape shape = MakeShape(draw);
  const int num_bands = draw.OneOf(std::array{1, 1, 2, 3, 3, 4, 5, 6});
  ColorModel model = ColorModel::kMultiband;
  if (num_bands == 1) model = ColorModel::kGray;
  if (num_bands == 3 && draw.Chance(0.8)) model = ColorModel::kRgb;
  return Raster(shape.width, shape.height, num_bands, draw.OneOf(kTypes), model, shape.depth);
}

// The values of one band, one call per pixel: 0…1 for what integers and colours can hold, or any
// number, of which integers keep what they can.
using Values = double (*)(NastyDraw& draw, std::int64_t pixel, double parameter);

double Flat(NastyDraw&, std::int64_t, double parameter) { return parameter; }
double TwoValued(NastyDraw& draw, std::int64_t, double parameter) {
  return draw.Chance(0.5) ? parameter : 1;
}
double Checkerboard(NastyDraw&, std::int64_t pixel, double) {
  return static_cast<double>(pixel % 2);
}
double FewValues(NastyDraw& draw, std::int64_t, double) { return draw.Int(0, 4) / 4.0; }
double Noise(NastyDraw& draw, std::int64_t, double) { return draw.Uniform(); }
double Ramp(NastyDraw&, std::int64_t pixel, double parameter) {
  return parameter * static_cast<double>(pixel) / 200;
}
double Saturated(NastyDraw& draw, std::int64_t, double) {
  return std::clamp(0.5 + draw.Normal(), 0.0, 1.0);
}
double OneOutlier(NastyDraw& draw, std::int64_t pixel, double parameter) {
  return pixel == 0 ? 1 : 0.2 * parameter + 0.01 * draw.Uniform();
}
double NearlyBlack(NastyDraw& draw, std::int64_t, double) { return 0.01 * draw.Uniform(); }
double AboveWhite(NastyDraw& draw, std::int64_t, double) { return 3 * draw.Normal(); }
double Huge(NastyDraw& draw, std::int64_t, double parameter) {
  return std::pow(10, 35 * parameter) * draw.Normal();
}
double Tiny(NastyDraw& draw, std::int64_t, double parameter) {
  return std::pow(10, -45 * parameter) * draw.Normal();
}
double NotNumbers(NastyDraw& draw, std::int64_t, double parameter) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array<double, 3> kValues{std::nan(""), kInfinity, -kInfinity};
  return draw.Chance(parameter) ? draw.OneOf(kValues) : draw.Uniform();
}

struct Family {
  const char* name;
  Values values;
};
constexpr std::array kFamilies{
    Family{"flat", Flat},
    Family{"two-valued", TwoValued},
    Family{"checkerboard", Checkerboard},
    Family{"few values", FewValues},
    Family{"noise", Noise},
    Family{"ramp", Ramp},
    Family{"saturated", Saturated},
    Family{"one outlier", OneOutlier},
    Family{"nearly black", NearlyBlack},
    Family{"above white", AboveWhite},
    Family{"huge", Huge},
    Family{"tiny", Tiny},
    Family{"not numbers", NotNumbers},
};

template <typename T>
T AsSample(double value, double white) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(value);
  else
    return static_cast<T>(std::isfinite(value)
                              ? std::clamp(value * white, 0.0, 1.0 * std::numeric_limits<T>::max())
                              : 0.0);
}

template <typename T>
void Fill(NastyDraw& draw, const Family& family, Raster& raster) {
  const bool equal_bands = draw.Chance(0.2);
  for (int b = 0; b < raster.num_bands(); ++b) {
    const double parameter = draw.Uniform();
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      raster.Band<T>(b)[i] = equal_bands && b > 0
                                 ? raster.Band<T>(0)[i]
                                 : AsSample<T>(family.values(draw, i, parameter), raster.white());
  }
}

void FillAny(NastyDraw& draw, const Family& family, Raster& raster) {
  if (raster.type() != SampleType::kFloat32 && draw.Chance(0.3))
    raster.SetWhite(draw.OneOf(std::array{1.0, 15.0, 255.0}));
  switch (raster.type()) {
    case SampleType::kUint8:
      return Fill<std::uint8_t>(draw, family, raster);
    case SampleType::kUint16:
      return Fill<std::uint16_t>(draw, family, raster);
    case SampleType::kFloat32:
      return Fill<float>(draw, family, raster);
  }
}

void Mask(NastyDraw& draw, Raster& raster) {
  const double share =
      draw.Chance(0.03) ? 1.0 : draw.OneOf(std::array{0.0, 0.0, 0.0, 0.0, 0.1, 0.9});
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    if (draw.Chance(share)) raster.Invalidate(i);
}

SegmentOptions Options(NastyDraw& draw, const Raster& raster) {
  constexpr std::array kSpaces{ColorSpace::kAuto,  ColorSpace::kGray, ColorSpace::kRgb,
                               ColorSpace::kHsv,   ColorSpace::kLab,  ColorSpace::kLuv,
                               ColorSpace::kYCrCb, ColorSpace::kRaw};
  constexpr std::array kTypes{CovarianceType::kFull, CovarianceType::kTied,
                              CovarianceType::kDiagonal, CovarianceType::kSpherical};
  constexpr std::array kInits{InitMethod::kAuto, InitMethod::kKMeans, InitMethod::kHierarchical,
                              InitMethod::kRandom};
  SegmentOptions options;
  options.features.color =
      raster.color_model() == ColorModel::kMultiband ? ColorSpace::kRaw : draw.OneOf(kSpaces);
  options.features.position_weight =
      draw.OneOf(std::array{0.0, 0.0, 0.0, 0.0, 0.01, 1.0, 5.0, 1e4});
  options.floor = draw.Chance(0.7) ? Floor::kOn : Floor::kOff;
  options.fit.num_components = draw.Chance(0.2) ? draw.Int(1, 60) : draw.Int(1, 6);
  options.fit.covariance_type = draw.OneOf(kTypes);
  options.fit.init = draw.OneOf(kInits);
  options.fit.restarts = draw.Int(1, 3);
  options.fit.max_iterations = draw.OneOf(std::array{0, 1, 50});
  options.fit.tolerance = draw.OneOf(std::array{0.0, 1e-5, 1e3});
  options.fit.seed = static_cast<std::uint64_t>(draw.Int(0, 1000));
  return options;
}

}  // namespace

NastyImage MakeNastyImage(std::uint64_t number) {
  NastyDraw draw(number);
  const Family& family = draw.OneOf(kFamilies);
  NastyImage image{"", EmptyRaster(draw), {}};
  FillAny(draw, family, image.raster);
  Mask(draw, image.raster);
  image.options = Options(draw, image.raster);
  constexpr std::array kTypeNames{"uint8", "uint16", "float"};
  image.description = std::string(family.name) + ", " + std::to_string(image.raster.width()) +
                      " x " + std::to_string(image.raster.height()) + " x " +
                      std::to_string(image.raster.depth()) + ", " +
                      std::to_string(image.raster.num_bands()) + " bands of " +
                      kTypeNames[static_cast<std::size_t>(image.raster.type())] + ", features " +
                      std::string(ToString(image.options.features.color)) + ", position " +
                      std::to_string(image.options.features.position_weight) +
                      (image.options.floor == Floor::kOn ? ", floor" : ", no floor") +
                      ", K = " + std::to_string(image.options.fit.num_components) + ", " +
                      std::string(ToString(image.options.fit.covariance_type)) + ", " +
                      std::string(ToString(image.options.fit.init));
  return image;
}

}  // namespace gmmseg
