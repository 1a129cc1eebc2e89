#include "features/color_convert.h"

#include <gmmseg/errors.h>

#include <Eigen/LU>
#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <string>

namespace gmmseg {
namespace {

// Linear light to CIE XYZ for the primaries of ITU-R BT.709 and D65; each row is used relative to
// its sum, which is white. The digits are those of OpenCV and scikit-image.
constexpr double kXr = 0.412453, kXg = 0.357580, kXb = 0.180423, kXn = kXr + kXg + kXb;
constexpr double kYr = 0.212671, kYg = 0.715160, kYb = 0.072169, kYn = kYr + kYg + kYb;
constexpr double kZr = 0.019334, kZg = 0.119193, kZb = 0.950227, kZn = kZr + kZg + kZb;

// u', v' of white.
constexpr double kUn = 4 * kXn / (kXn + 15 * kYn + 3 * kZn);
constexpr double kVn = 9 * kYn / (kXn + 15 * kYn + 3 * kZn);

constexpr double kKnee = 216.0 / 24389.0;  // (6/29)^3: the CIE response is linear below

double CubeRoot(double x) { return std::cbrt(x); }

// For normal x > 0. A third of the exponent by integer division (4 % off), then Halley's rule
// twice; the correction is added last, so that the error stays one rounding.
inline float CubeRoot(float x) {
  float y = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) / 3u + 0x2a5119f2u);
  for (int step = 0; step < 2; ++step) {
    const float cube = y * y * y;
    y += y * (x - cube) / (2.0f * cube + x);
  }
  return y;
}

// The CIE response f(t) less its value at 0, extended as an odd function: L* = 116·Response(Y).
template <typename T>
inline T Response(T t) {
  const T size = std::abs(t);
  const T root = CubeRoot(size < T(kKnee) ? T(kKnee) : size) - T(4.0 / 29.0);
  const T line = size * T(841.0 / 108.0);
  return std::copysign(size <= T(kKnee) ? line : root, t);
}

template <typename T>
struct WhiteRelative {
  T x, y, z;
};

// XYZ relative to white, written so that R = G = B gives x = y = z to the last bit: a grey pixel
// has no chroma at all, rather than rounding noise that standardisation would blow up.
template <typename T>
inline WhiteRelative<T> ToXyz(T r, T g, T b) {
  const T red = r - g, blue = b - g;
  return {g + T(kXr / kXn) * red + T(kXb / kXn) * blue,
          g + T(kYr / kYn) * red + T(kYb / kYn) * blue,
          g + T(kZr / kZn) * red + T(kZb / kZn) * blue};
}

template <typename T>
struct LabOf {
  std::array<T, 3> operator()(const WhiteRelative<T>& c) const {
    const T fx = Response(c.x), fy = Response(c.y), fz = Response(c.z);
    return {T(116) * fy, T(500) * (fx - fy), T(200) * (fy - fz)};
  }
};

// A chromaticity less white's. u' and v' of every real colour lie in 0…1; colours with negative
// light can have any, and are held there.
template <typename T>
inline T Chromaticity(T numerator, T denominator, T white) {
  const T c = numerator / (denominator == T(0) ? T(1) : denominator);
  const T low = c < -white ? -white : c;
  return low > T(1) - white ? T(1) - white : low;
}

template <typename T>
struct LuvOf {
  std::array<T, 3> operator()(const WhiteRelative<T>& c) const {
    const T lightness = T(116) * Response(c.y);
    const T sum = T(kXn) * c.x + T(15 * kYn) * c.y + T(3 * kZn) * c.z;
    // 4X/sum - u'(white) and 9Y/sum - v'(white) with the white taken out: exactly 0 for greys.
    const T u = T(kUn) * (T(15 * kYn) * (c.x - c.y) + T(3 * kZn) * (c.x - c.z));
    const T v = T(kVn) * (T(kXn) * (c.y - c.x) + T(3 * kZn) * (c.y - c.z));
    return {lightness, T(13) * lightness * Chromaticity(u, sum, T(kUn)),
            T(13) * lightness * Chromaticity(v, sum, T(kVn))};
  }
};

// Every colour of the tile through `linearize` and then `convert`, computed as T.
template <typename T, typename Linear, typename Convert>
void ConvertXyz(ColorTile& tile, const Linear& linear, const Convert& convert) {
  auto& [first, second, third] = tile.channels;
  for (std::int64_t i = 0; i < kTileSize; ++i) {
    const auto out = convert(ToXyz<T>(linear(first[i]), linear(second[i]), linear(third[i])));
    first[i] = static_cast<float>(out[0]);
    second[i] = static_cast<float>(out[1]);
    third[i] = static_cast<float>(out[2]);
  }
}

// OpenCV's conversion of the tile, interleaved as OpenCV wants it; what comes back for a pixel goes
// through `scale`.
template <int kNumOut, typename Scale>
void ConvertByOpenCv(ColorTile& tile, int code, const Scale& scale) {
  std::array<cv::Vec3f, kTileSize> in;
  std::array<cv::Vec<float, kNumOut>, kTileSize> out;
  for (std::int64_t i = 0; i < kTileSize; ++i)
    in[i] = {tile.channels[0][i], tile.channels[1][i], tile.channels[2][i]};
  // One row: OpenCV starts no threads of its own for it.
  cv::Mat target(1, static_cast<int>(kTileSize), CV_32FC(kNumOut), out.data());
  cv::cvtColor(cv::Mat(1, static_cast<int>(kTileSize), CV_32FC3, in.data()), target, code);
  for (std::int64_t i = 0; i < kTileSize; ++i) {
    const cv::Vec<float, kNumOut> value = scale(out[i]);
    for (int c = 0; c < kNumOut; ++c) tile.channels[c][i] = value[c];
  }
}

// OpenCV's hue (degrees) and saturation as a point in the disc. Saturation passes 1 only where
// light is negative.
cv::Vec3f HueDisc(const cv::Vec3f& hsv) {
  const float hue = hsv[0] * (std::numbers::pi_v<float> / 180.0f);
  const float saturation = hsv[1] > 1.0f ? 1.0f : hsv[1];
  return {saturation * std::cos(hue), saturation * std::sin(hue), hsv[2]};
}

double Delinearize(double linear) {
  const double size = std::abs(linear);
  return std::copysign(size <= 0.0031308 ? size * 12.92 : 1.055 * std::pow(size, 1 / 2.4) - 0.055,
                       linear);
}

}  // namespace

double Linearize(double encoded) {
  const double size = std::abs(encoded);
  return std::copysign(size <= 0.04045 ? size / 12.92 : std::pow((size + 0.055) / 1.055, 2.4),
                       encoded);
}

void ConvertColors(ColorSpace space, ColorTile& tile) {
  const auto linear = [](float v) { return Linearize(v); };
  const auto to_255 = [](const auto& value) { return 255.0f * value; };
  switch (space) {
    case ColorSpace::kGray:
      return ConvertByOpenCv<1>(tile, cv::COLOR_RGB2GRAY, to_255);
    case ColorSpace::kRgb:
      for (auto& channel : tile.channels)
        for (float& v : channel) v *= 255.0f;
      return;
    case ColorSpace::kHsv:
      return ConvertByOpenCv<3>(tile, cv::COLOR_RGB2HSV, HueDisc);
    case ColorSpace::kYCrCb:
      return ConvertByOpenCv<3>(tile, cv::COLOR_RGB2YCrCb, to_255);
    case ColorSpace::kLab:
      return ConvertXyz<double>(tile, linear, LabOf<double>());
    case ColorSpace::kLuv:
      return ConvertXyz<double>(tile, linear, LuvOf<double>());
    case ColorSpace::kAuto:
    case ColorSpace::kRaw:
      break;
  }
  throw InternalError("no conversion to colour space " + std::string(ToString(space)));
}

void ConvertLinearLight(ColorSpace space, ColorTile& tile) {
  const auto linear = [](float v) { return v; };
  if (space == ColorSpace::kLab) return ConvertXyz<float>(tile, linear, LabOf<float>());
  if (space == ColorSpace::kLuv) return ConvertXyz<float>(tile, linear, LuvOf<float>());
  throw InternalError("colour space " + std::string(ToString(space)) +
                      " does not start from linear light");
}

std::array<double, 3> SrgbFromLab(double lightness, double a, double b) {
  const auto inverse = [](double f) {  // of the response with its value at 0 left in
    return f > 6.0 / 29.0 ? f * f * f : (f - 4.0 / 29.0) * (108.0 / 841.0);
  };
  const double fy = (lightness + 16) / 116;
  const double x = kXn * inverse(fy + a / 500), y = kYn * inverse(fy),
               z = kZn * inverse(fy - b / 200);
  const Eigen::Matrix3d to_xyz{{kXr, kXg, kXb}, {kYr, kYg, kYb}, {kZr, kZg, kZb}};
  const Eigen::Vector3d linear = to_xyz.inverse() * Eigen::Vector3d(x, y, z);
  std::array<double, 3> rgb;
  for (int c = 0; c < 3; ++c) rgb[c] = std::clamp(Delinearize(linear[c]), 0.0, 1.0);
  return rgb;
}

}  // namespace gmmseg
