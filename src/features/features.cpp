#include <gmmseg/errors.h>
#include <gmmseg/features.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "base/tile_loop.h"
#include "features/band_projection.h"
#include "features/color_convert.h"
#include "features/palette.h"
#include "features/plain_samples.h"
#include "features/quantization.h"
#include "features/same_features.h"
#include "features/scribbled.h"
#include "raster/local_deviation.h"

namespace gmmseg {
namespace {

constexpr double kTextureSigmas[] = {2, 5};  // pixels
constexpr char kTextureSource[] = "texture";

ColorSpace Resolve(const Raster& raster, const FeatureSpec& spec) {
  if (spec.color != ColorSpace::kAuto) return spec.color;
  if (spec.IsOfBands()) return ColorSpace::kRaw;
  switch (raster.color_model()) {
    case ColorModel::kRgb:
      return ColorSpace::kLab;
    case ColorModel::kGray:
      return raster.type() == SampleType::kFloat32 ? ColorSpace::kRaw : ColorSpace::kGray;
    case ColorModel::kMultiband:
      break;
  }
  return ColorSpace::kRaw;
}

void Check(const Raster& raster, const FeatureSpec& spec) {
  if (!(spec.position_weight >= 0 && std::isfinite(spec.position_weight)))
    throw ParameterError("position weight = " + std::to_string(spec.position_weight) +
                         "; must be finite and >= 0");
  if (spec.texture == Texture::kOn && raster.color_model() == ColorModel::kMultiband)
    throw ParameterError("features = " + FeatureWords(spec) +
                         "; texture is that of lightness, which the " +
                         std::to_string(raster.num_bands()) +
                         " bands of this image do not have; leave texture away");
  if (raster.num_pixels() == 0) throw ParameterError("the image has no pixels; give one that has");
  if (raster.color_model() == ColorModel::kMultiband && spec.color != ColorSpace::kAuto &&
      spec.color != ColorSpace::kRaw)
    throw ParameterError("colour space = " + std::string(ToString(spec.color)) +
                         "; needs a grey or colour image, and the " +
                         std::to_string(raster.num_bands()) +
                         " bands of this one have no colour meaning; use \"raw\"");
}

void CheckBands(const Raster& raster, const FeatureSpec& spec) {
  if (!spec.IsOfBands()) return;
  const bool is_raw = spec.color == ColorSpace::kAuto || spec.color == ColorSpace::kRaw;
  if (!is_raw || spec.texture == Texture::kOn) {
    FeatureSpec colors = spec;
    colors.scale = BandScale::kLinear;
    colors.num_principal = 0;
    throw ParameterError("features = " + FeatureWords(colors) +
                         " with the logarithm or the principal components of the bands, which are "
                         "of the bands as they are; use \"raw\"");
  }
  if (spec.num_principal > raster.num_bands())
    throw ParameterError(
        Format("principal components = %d; the image has %s, and as many "
               "components at most",
               spec.num_principal, Count(raster.num_bands(), "band", "bands").c_str()));
  if (spec.projection && spec.projection->rows.cols() != raster.num_bands())
    throw ParameterError("the image has " + Count(raster.num_bands(), "band", "bands") +
                         "; the model's principal components are of " +
                         Count(spec.projection->rows.cols(), "band", "bands") +
                         ": use an image of the same bands");
}

// Whether each feature is one band.
bool IsBandByBand(const Raster& raster, const FeatureSpec& spec) {
  return (spec.color == ColorSpace::kRaw && spec.num_principal == 0) ||
         (spec.color == ColorSpace::kGray && raster.num_bands() == 1);
}

// Of a spec whose colour space is known.
void CheckMissing(const Raster& raster, const FeatureSpec& spec) {
  const MissingValues missing = spec.missing;
  if (missing == MissingValues::kMarginal && spec.texture == Texture::kOn)
    throw ParameterError(
        "missing values = marginal with texture, which is not known where a band is missing; use "
        "features without texture");
  if (missing == MissingValues::kMarginal && !IsBandByBand(raster, spec))
    throw ParameterError("missing values = marginal with the features " + FeatureWords(spec) +
                         ", which mix the bands, so that none of them is known where a band is "
                         "missing; use \"raw\"");
}

std::vector<FeatureInfo> BandInfo(const Raster& raster, const FeatureSpec& spec) {
  const bool has_components = spec.num_principal > 0;
  std::string name = has_components ? "component " : "band ";
  std::string end;
  if (spec.scale == BandScale::kLog) {  // integers and floats have features of their own
    name = raster.type() == SampleType::kFloat32 ? "ln " + name : "ln(1 + " + name;
    end = raster.type() == SampleType::kFloat32 ? "" : ")";
  }
  std::vector<FeatureInfo> bands;
  for (int b = 1; b <= (has_components ? spec.num_principal : raster.num_bands()); ++b)
    bands.push_back({name + std::to_string(b) + end, std::string(ToString(ColorSpace::kRaw)), ""});
  return bands;
}

// Of a spec whose colour space is known.
std::vector<FeatureInfo> ColorInfo(const Raster& raster, const FeatureSpec& spec) {
  const std::string source(ToString(spec.color));
  switch (spec.color) {
    case ColorSpace::kGray:
      return {{"gray", source, "0..255"}};
    case ColorSpace::kRgb:
      return {{"R", source, "0..255"}, {"G", source, "0..255"}, {"B", source, "0..255"}};
    case ColorSpace::kHsv:
      return {{"S cos H", source, "-1..1"}, {"S sin H", source, "-1..1"}, {"V", source, "0..1"}};
    case ColorSpace::kLab:
      return {{"L*", source, "0..100"}, {"a*", source, ""}, {"b*", source, ""}};
    case ColorSpace::kLuv:
      return {{"L*", source, "0..100"}, {"u*", source, ""}, {"v*", source, ""}};
    case ColorSpace::kYCrCb:
      return {{"Y", source, "0..255"}, {"Cr", source, "0..255"}, {"Cb", source, "0..255"}};
    case ColorSpace::kAuto:
    case ColorSpace::kRaw:
      break;
  }
  return BandInfo(raster, spec);
}

// For integer images: what each value that the type holds, be it above white, enters the conversion
// as. Empty for float images.
std::vector<float> DecodingTable(const Raster& raster, ColorSpace space, double white) {
  if (raster.type() == SampleType::kFloat32) return {};
  std::vector<float> table(raster.type() == SampleType::kUint8 ? 256 : 65536);
  for (std::size_t v = 0; v < table.size(); ++v) {
    const double encoded = std::min(static_cast<double>(v) / white, 1.0);
    table[v] = static_cast<float>(StartsFromLinearLight(space) ? Linearize(encoded) : encoded);
  }
  return table;
}

// The tile's colours, decoded; grey counts as R = G = B.
void ReadColors(const Raster& raster, const std::vector<float>& table, std::int64_t first,
                std::int64_t count, ColorTile& tile) {
  for (int c = 0; c < 3; ++c)
    raster.VisitBand(std::min(c, raster.num_bands() - 1), [&](const auto* values) {
      for (std::int64_t i = 0; i < count; ++i) {
        if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(*values)>>)
          tile.channels[c][i] = table[values[first + i]];
        else
          tile.channels[c][i] = values[first + i];
      }
    });
}

void FillColors(const Raster& raster, ColorSpace space, double white, int num_features,
                Samples& samples) {
  // The luma of grey is the grey itself, to the last bit.
  if (space == ColorSpace::kGray && raster.num_bands() == 1) space = ColorSpace::kRgb;
  const std::vector<float> table = DecodingTable(raster, space, white);
  const bool from_linear_light = !table.empty() && StartsFromLinearLight(space);
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    ColorTile tile;
    ReadColors(raster, table, first, count, tile);
    if (from_linear_light)
      ConvertLinearLight(space, tile);
    else
      ConvertColors(space, tile);
    for (int d = 0; d < num_features; ++d)
      std::copy_n(tile.channels[d].data(), count, samples.Plane(d) + first);
  });
}

// x, y and, in a volume of several slices, z: pixels, or where their size is known millimetres.
void FillPosition(const Raster& raster, int first_feature, Samples& samples) {
  const std::int64_t width = raster.width(), slice = width * raster.height();
  std::array<float, 3> step{1, 1, 1};
  if (raster.volume())
    for (int axis = 0; axis < 3; ++axis)
      step[axis] = static_cast<float>(raster.volume()->spacing[axis]);
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      samples.Plane(first_feature)[i] = step[0] * static_cast<float>(i % width);
      samples.Plane(first_feature + 1)[i] = step[1] * static_cast<float>(i % slice / width);
      if (raster.depth() > 1)
        samples.Plane(first_feature + 2)[i] = step[2] * static_cast<float>(i / slice);
    }
  });
}

// One slice's lightness, and where it has data.
struct Lightness {
  Plane values, weights;
};

Lightness LightnessOf(const Raster& raster, const Samples& lab, std::int64_t first) {
  Lightness slice{Plane(raster.width(), raster.height()), Plane(raster.width(), raster.height())};
  for (std::int64_t i = 0; i < slice.values.size(); ++i) {
    if (!(lab.weights()[first + i] > 0)) continue;
    slice.values.values[i] = lab.Plane(0)[first + i];
    slice.weights.values[i] = 1;
  }
  return slice;
}

// Of samples that have their colours and weights.
void FillTexture(const Raster& raster, const FeatureLayout& layout, Samples& samples) {
  FeatureSpec lab;
  lab.color = ColorSpace::kLab;
  const bool is_lab = layout.spec.color == ColorSpace::kLab;
  const Samples converted =
      is_lab ? Samples() : PlainSamples(raster, DescribeFeatures(raster, lab));
  const std::int64_t size = raster.width() * raster.height();
  for (std::int64_t first = 0; first < raster.num_pixels(); first += size) {
    const Lightness slice = LightnessOf(raster, is_lab ? samples : converted, first);
    int d = layout.NumColors();
    for (const double sigma : kTextureSigmas)
      std::ranges::copy(LogLocalDeviation(slice.values, slice.weights, sigma).values,
                        samples.Plane(d++) + first);
  }
}

// What is missing as NaN.
void MarkMissingBands(const Raster& raster, Samples& samples) {
  if (!raster.has_missing_bands() && raster.type() != SampleType::kFloat32) return;
  for (int b = 0; b < raster.num_bands(); ++b)
    ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i)
        if (!raster.HasBand(b, i) || !std::isfinite(samples.Plane(b)[i])) samples.Plane(b)[i] = NAN;
    });
}

bool FiniteBands(const Raster& raster, std::int64_t pixel) {
  if (raster.type() != SampleType::kFloat32) return true;
  for (int b = 0; b < raster.num_bands(); ++b)
    if (!std::isfinite(raster.Band<float>(b)[pixel])) return false;
  return true;
}

bool FiniteFeatures(const Samples& samples, std::int64_t i) {
  for (int d = 0; d < samples.num_features(); ++d)
    if (!std::isfinite(samples.Plane(d)[i])) return false;
  return true;
}

// Whether the pixel is a sample. Bands are asked, and not features alone: a conversion may make
// something finite of a NaN.
bool Counts(const Raster& raster, MissingValues missing, const Samples& samples,
            std::int64_t pixel) {
  if (missing == MissingValues::kMarginal) {
    for (int b = 0; b < raster.num_bands(); ++b)
      if (std::isfinite(samples.Plane(b)[pixel])) return true;
    return false;
  }
  return raster.IsValid(pixel) && FiniteBands(raster, pixel) && FiniteFeatures(samples, pixel);
}

// Weight 0 and features 0 where there is no data.
void MarkNoData(const Raster& raster, MissingValues missing, Samples& samples) {
  if (raster.type() != SampleType::kFloat32 && raster.validity().empty()) return;
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      if (Counts(raster, missing, samples, i)) continue;
      samples.weights()[i] = 0;
      for (int d = 0; d < samples.num_features(); ++d) samples.Plane(d)[i] = 0;
    }
  });
}

// The sums of the pixels' weights by sample, and how many pixels these are.
void TakeWeights(const Raster& raster, FeaturePlanes& planes) {
  if (raster.weights().empty()) return;
  std::vector<double> weights(planes.samples.size());
  planes.num_pixels.resize(weights.size());
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const std::int64_t sample = planes.SampleOf(i);
    if (!(planes.samples.weights()[sample] > 0)) continue;
    weights[sample] += raster.Weight(i);
    ++planes.num_pixels[sample];
  }
  planes.samples.SetWeights(weights);
}

std::int64_t CountPresent(const Samples& samples) {
  return std::count_if(samples.weights(), samples.weights() + samples.size(),
                       [](float w) { return w > 0; });
}

}  // namespace

FeatureLayout DescribeFeatures(const Raster& raster, const FeatureSpec& spec) {
  Check(raster, spec);
  FeatureLayout layout;
  layout.spec = spec;
  CheckBands(raster, spec);
  layout.spec.color = Resolve(raster, spec);
  CheckMissing(raster, layout.spec);
  layout.info = ColorInfo(raster, layout.spec);
  if (spec.texture == Texture::kOn)
    for (const double sigma : kTextureSigmas)
      layout.info.push_back({Format("texture %g", sigma), kTextureSource, ""});
  layout.blocks = {{0, static_cast<int>(layout.info.size()), 1.0}};
  if (spec.position_weight == 0) return layout;
  const int num_axes = raster.depth() > 1 ? 3 : 2;
  layout.blocks.push_back({layout.blocks[0].size, num_axes, spec.position_weight});
  for (int axis = 0; axis < num_axes; ++axis)
    layout.info.push_back(
        {std::string(1, "xyz"[axis]), "position", raster.volume() ? "mm" : "pixels"});
  return layout;
}

bool SameFeatures(const FeatureLayout& a, const FeatureLayout& b) {
  const auto same_name = [](const FeatureInfo& x, const FeatureInfo& y) {
    return x.name == y.name && x.source == y.source;
  };
  return a.blocks == b.blocks &&
         std::equal(a.info.begin(), a.info.end(), b.info.begin(), b.info.end(), same_name);
}

std::string FeatureNames(const FeatureLayout& layout) {
  std::string names;
  for (const FeatureInfo& info : layout.info) names += (names.empty() ? "" : ", ") + info.name;
  return names;
}

int FeatureLayout::NumColors() const {
  const int num_textures = static_cast<int>(std::size(kTextureSigmas));
  return blocks.front().size - (spec.texture == Texture::kOn ? num_textures : 0);
}

bool DependsOnColorAlone(const FeatureLayout& layout) {
  return layout.blocks.size() == 1 && layout.spec.texture == Texture::kOff;
}

Samples PlainSamples(const Raster& raster, const FeatureLayout& layout, double white) {
  Samples samples(raster.num_pixels(), static_cast<int>(layout.info.size()));
  if (layout.spec.color == ColorSpace::kRaw)
    FillBands(raster, layout.spec, samples);
  else
    FillColors(raster, layout.spec.color, white > 0 ? white : raster.white(), layout.NumColors(),
               samples);
  if (layout.blocks.size() > 1) FillPosition(raster, layout.blocks[1].first, samples);
  const bool marginal = layout.spec.missing == MissingValues::kMarginal;
  if (marginal) MarkMissingBands(raster, samples);
  MarkNoData(raster, layout.spec.missing, samples);
  if (layout.spec.texture == Texture::kOn) FillTexture(raster, layout, samples);
  if (marginal) samples.MarkMissing();
  return samples;
}

Eigen::MatrixXd FloorOf(const Raster& raster, const FeatureLayout& layout, const Samples& samples) {
  const auto num_features = static_cast<int>(layout.info.size());
  Eigen::MatrixXd floor = Eigen::MatrixXd::Identity(num_features, num_features) / 12;
  if (raster.type() == SampleType::kFloat32) {
    const int size = layout.blocks.front().size;
    floor.topLeftCorner(size, size) = FloatFloor(samples, size);
    return floor;
  }
  const int num_colors = layout.NumColors();
  floor.topLeftCorner(num_colors, num_colors) =
      layout.spec.IsOfBands()
          ? BandFloor(raster, layout.spec,
                      QuantizationFloor(raster, ColorSpace::kRaw, raster.num_bands()).diagonal())
          : QuantizationFloor(raster, layout.spec.color, num_colors);
  if (layout.spec.texture == Texture::kOn) {
    // The slope of ln(2 + s) is a half where nothing but rounding varies.
    const double of_lightness = QuantizationFloor(raster, ColorSpace::kLab, 3)(0, 0);
    for (int d = num_colors; d < layout.blocks.front().size; ++d) floor(d, d) = of_lightness / 4;
  }
  return floor;
}

FeaturePlanes UnscaledFeatures(const Raster& raster, const FeatureLayout& layout) {
  FeaturePlanes planes;
  planes.layout = layout;
  std::optional<ColorPalette> palette;
  const bool lacks_bands =
      layout.spec.missing == MissingValues::kMarginal && raster.has_missing_bands();
  if (DependsOnColorAlone(layout) && !lacks_bands) palette = MakeColorPalette(raster);
  planes.samples = PlainSamples(palette ? palette->colors : raster, layout);
  if (palette) {
    std::copy(palette->counts.begin(), palette->counts.end(), planes.samples.weights());
    planes.entry = std::move(palette->entry);
    planes.num_valid = raster.CountValid();
  } else {
    planes.num_valid = CountPresent(planes.samples);
  }
  planes.scribbled = ScribbledOf(raster, planes.samples, planes.entry);
  TakeWeights(raster, planes);
  return planes;
}

FeaturePlanes ComputeFeatures(const Raster& raster, const FeatureSpec& spec) {
  FeatureLayout layout = DescribeFeatures(raster, spec);
  if (LacksProjection(spec))
    layout.spec.projection =
        PrincipalBands(MomentsOfBands(raster, spec.scale), layout.spec.num_principal);
  FeaturePlanes planes = UnscaledFeatures(raster, layout);
  planes.samples.Standardize();
  planes.floor = FloorOf(raster, planes.layout, planes.samples);
  return planes;
}

}  // namespace gmmseg
