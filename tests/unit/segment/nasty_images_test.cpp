#include "nasty_images.h"

#include <gmmseg/errors.h>
#include <gmmseg/segment.h>

#include <algorithm>
#include <cmath>

#include "../nasty_cases.h"

namespace gmmseg {
namespace {

bool HasData(const Raster& raster, std::int64_t pixel) {
  if (!raster.IsValid(pixel)) return false;
  if (raster.type() != SampleType::kFloat32) return true;
  for (int b = 0; b < raster.num_bands(); ++b)
    if (!std::isfinite(raster.Band<float>(b)[pixel])) return false;
  return true;
}

// Labels, uncertainty and density of one pixel.
std::string PixelFlaw(const Segmentation& result, const Raster& raster, std::int64_t pixel) {
  const int label = result.labels[pixel];
  const int num_classes = static_cast<int>(result.classes.size());
  if (HasData(raster, pixel) != (label > 0) || label > num_classes)
    return "label " + std::to_string(label) + " where there is " +
           (HasData(raster, pixel) ? "data" : "none");
  if (label == 0) return "";
  const float uncertainty = result.sample_uncertainty[result.planes.SampleOf(pixel)];
  if (!(uncertainty >= 0 && uncertainty <= 1))
    return "uncertainty is " + std::to_string(uncertainty);
  if (!std::isfinite(result.LogDensity(pixel))) return "a log-density is not finite";
  return "";
}

std::string PixelsFlaw(const Segmentation& result, const Raster& raster) {
  std::int64_t num_valid = 0;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const std::string flaw = PixelFlaw(result, raster, i);
    if (!flaw.empty()) return flaw + " at pixel " + std::to_string(i);
    num_valid += result.labels[i] > 0;
  }
  if (num_valid != result.num_valid) return "num_valid is " + std::to_string(result.num_valid);
  return "";
}

std::string PosteriorsFlaw(const Segmentation& result) {
  const int num_classes = static_cast<int>(result.classes.size());
  const auto posteriors = result.Posteriors(1, num_classes);
  for (std::int64_t i = 0; i < result.num_pixels(); ++i) {
    double sum = 0;
    for (const std::vector<float>& plane : posteriors) sum += plane[i];
    if (!(std::abs(sum - (result.labels[i] > 0 ? 1 : 0)) < 1e-5))
      return "posteriors of pixel " + std::to_string(i) + " add up to " + std::to_string(sum);
  }
  return "";
}

std::string ModelFlaw(const Segmentation& result) {
  const FitResult& fit = result.model.fit;
  Validate(fit.model);
  double shares = 0;
  for (const ClassEntry& entry : result.classes) shares += entry.share;
  if (std::abs(shares - 1) > 1e-9) return "the shares add up to " + std::to_string(shares);
  if (!std::isfinite(result.log_likelihood)) return "the log-likelihood is not finite";
  if (IsDensity(fit.model) &&
      !(std::isfinite(*result.model.bic) && std::isfinite(*result.model.aic) &&
        std::isfinite(*result.model.icl)))
    return "a criterion is not finite";
  const auto dropped = std::count_if(fit.rescues.begin(), fit.rescues.end(),
                                     [](const Rescue& rescue) { return rescue.dropped; });
  if (fit.model.num_components() + dropped != std::min(fit.requested_components, fit.num_distinct))
    return std::to_string(fit.model.num_components()) + " components come back";
  return "";
}

// The model labels its own image as the fit did.
std::string ApplyFlaw(const Segmentation& result, const Raster& raster) {
  const Segmentation applied = Apply(raster, result.model);
  return applied.labels == result.labels ? "" : "the applied model labels otherwise";
}

std::string FlawOf(const NastyImage& image) {
  const Segmentation result = Segment(image.raster, image.options);
  std::string flaw = PixelsFlaw(result, image.raster);
  if (!flaw.empty() || result.num_valid == 0) return flaw;
  for (const std::string& found :
       {ModelFlaw(result), PosteriorsFlaw(result), ApplyFlaw(result, image.raster)})
    if (!found.empty()) return found;
  return "";
}

}  // namespace

TEST_CASE("nasty images: every pixel with data is labelled, and every number is one") {
  CheckNastyCases(4000, MakeNastyImage, FlawOf);
}

}  // namespace gmmseg
