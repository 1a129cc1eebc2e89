// Features: from a raster's pixels to the samples that a mixture is fitted to.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/raster.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gmmseg {

// Ranges below are those of the features in the user's units, for integer images and for float
// images in 0…1.
enum class ColorSpace {
  kAuto,   // colour: kLab; integer grey: kGray; float grey and other band counts: kRaw
  kGray,   // 0…255, ITU-R BT.601 luma of colour images
  kRgb,    // 0…255 each
  kHsv,    // S·cos H, S·sin H (-1…1), V (0…1): smooth at grey, no seam at red
  kLab,    // CIE 1976 L*a*b*, sRGB, D65: L* 0…100
  kLuv,    // CIE 1976 L*u*v*, sRGB, D65: L* 0…100
  kYCrCb,  // ITU-R BT.601, 0…255, chroma about 127.5
  kRaw,    // every band as it is
};

// "auto", "gray", "rgb", "hsv", "lab", "luv", "ycrcb", "raw". ParseColorSpace throws ParameterError
// for any other word.
std::string_view ToString(ColorSpace space);
ColorSpace ParseColorSpace(std::string_view word);

// Whether the neighbourhood of a pixel is a feature, too. kOn: ln(2 + s) for the standard deviation
// s of L* around the pixel, weighed by a Gaussian of sigma = 2 and of 5 pixels. They share the
// colours' block. Of grey and colour images; in a volume, of each slice.
enum class Texture { kOff, kOn };

// "off", "on". ParseTexture throws ParameterError for any other word.
std::string_view ToString(Texture texture);
Texture ParseTexture(std::string_view word);

// What a band of raw features enters as: itself; or its natural logarithm, ln(1 + v) of integers
// and ln v of floats, so that a float that is not positive is missing.
enum class BandScale { kLinear, kLog };

// "linear", "log". ParseBandScale throws ParameterError for any other word.
std::string_view ToString(BandScale scale);
BandScale ParseBandScale(std::string_view word);

// Principal components of some pixels' B bands, on their scale: component d of x is rows.row(d) ·
// (x - mean), of mean 0 and variance 1 over these pixels. The first has the direction in which they
// vary most; where fewer directions vary, the last rows are 0.
struct BandProjection {
  Eigen::VectorXd mean;  // B
  Eigen::MatrixXd rows;  // N × B
};

struct FeatureSpec {
  // With a scale or principal components kAuto is kRaw, and the others cannot be had.
  ColorSpace color = ColorSpace::kAuto;
  // W >= 0. 0: colour alone. Otherwise x and y (pixels) join as a block of their own whose
  // log-density is multiplied by W: 1 is the plain product, larger W gives more compact classes.
  double position_weight = 0.0;
  // kMarginal: a pixel that lacks bands counts by those that it has. For features that are one band
  // each, which are kRaw and the kGray of grey images; the others mix the bands.
  MissingValues missing = MissingValues::kSkip;
  Texture texture = Texture::kOff;  // not together with kMarginal
  BandScale scale = BandScale::kLinear;
  // N >= 1: the bands' first N principal components, whitened, in place of the bands; 0: the bands.
  // Not together with kMarginal.
  int num_principal = 0;
  // Those of other pixels, to be taken here; null: of the raster's own, found from all of its
  // pixels. Only with num_principal.
  std::shared_ptr<const BandProjection> projection;

  bool IsOfBands() const { return scale != BandScale::kLinear || num_principal > 0; }
  // Whether they ask for the same; whose pixels the components are of does not count.
  bool operator==(const FeatureSpec& other) const;
};

// "lab", "lab,texture", "texture": which for any space but auto is behind it. ParseFeatures throws
// ParameterError for other words, for two spaces and for a word that comes twice. What FeatureWords
// says of a scale and components, as in "raw,log,pca:5", is for people.
std::string FeatureWords(const FeatureSpec& spec);
FeatureSpec ParseFeatures(std::string_view words);

struct FeatureInfo {
  std::string name;    // "L*", "a*", "S cos H", "band 3", "ln(1 + band 3)", "component 1", "x"
  std::string source;  // "lab", "hsv", "raw", "texture", "position"
  std::string unit;    // "0..100", "0..255", "pixels", "" where unknown
};

// What the features are, apart from any pixel. Fixed by the raster's kind and the spec; stored in a
// model.
struct FeatureLayout {
  FeatureSpec spec;               // with kAuto resolved, and of FeaturePlanes with the projection
  std::vector<FeatureInfo> info;  // D
  std::vector<FeatureBlock> blocks;  // colour and texture, then position

  int NumColors() const;  // the first features, which depend on the pixel's value alone
};

// The pixels of one class of scribbles that have all features; the user's units.
struct ScribbledClass {
  double weight = 0;  // sum of the pixels'; 0: none of them has data
  Eigen::VectorXd mean;
  Eigen::MatrixXd scatter;  // sum of w (x - mean)(x - mean)ᵀ

  // As if the pixels of both were one's.
  ScribbledClass& operator+=(const ScribbledClass& other);
};
using ScribbledClasses = std::map<int, ScribbledClass>;  // by number, from 1

struct FeaturePlanes {
  FeatureLayout layout;
  // Standardised; weight 0 where the raster has no data or a feature is not finite, else the
  // pixel's.
  Samples samples;
  // Which sample a pixel is, row-major. Empty: pixel i is sample i. Otherwise the
  // samples are the raster's distinct colours, ascending, weighted by their numbers of pixels
  // (rounded to float: exact up to 2^24) or the sums of their weights, and all pixels without data
  // are one more, of weight 0.
  AlignedBuffer<std::uint32_t> entry;
  // Per sample its pixels, where the raster has weights; else empty, for the weights tell.
  std::vector<std::uint32_t> num_pixels;
  std::int64_t num_valid = 0;  // pixels of weight > 0
  // D×D, the user's units: the covariance that quantisation alone gives a feature vector,
  // (step²/12)·mean of J Jᵀ, where step is the greatest common divisor of the band's value
  // differences, at most 1/16 of their range, and J the Jacobian from bands to features; for hue
  // and saturation, which know no more near black, J of a pixel of at least an eighth of white. For
  // float bands, which have no step, 1e-6 of each feature's variance. 1/12 of a pixel for the
  // position. Positive definite.
  Eigen::MatrixXd floor;
  ScribbledClasses scribbled;  // those of which the raster has strokes

  std::int64_t SampleOf(std::int64_t pixel) const { return entry.empty() ? pixel : entry[pixel]; }
  std::int64_t NumPixels(std::int64_t sample) const {
    return num_pixels.empty() ? std::llround(samples.weights()[sample]) : num_pixels[sample];
  }
};

// Throws ParameterError if the colour space needs colour and the raster has none that fits (grey
// counts as R = G = B), if it mixes bands or there is texture and missing values are to be
// marginal, if texture is asked of bands without colour meaning, if position_weight is negative
// or not finite, if a scale or components are asked for beside a colour space or texture, and if
// the raster has fewer bands than components or other bands than the projection.
FeatureLayout DescribeFeatures(const Raster& raster, const FeatureSpec& spec);

// Samples are distinct colours (see FeaturePlanes::entry) where the raster holds integers, features
// depend on colour alone, and there are at most half as many colours as valid pixels.
// Deterministic for any number of threads. Cost: two passes to find the distinct colours, one for
// the conversion, two for the scaling; D+1 floats of memory per sample, 4 bytes per pixel for
// `entry`. Throws as DescribeFeatures does.
FeaturePlanes ComputeFeatures(const Raster& raster, const FeatureSpec& spec);

}  // namespace gmmseg
