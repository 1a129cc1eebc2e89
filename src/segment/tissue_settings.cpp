#include "segment/tissue_settings.h"

#include <gmmseg/errors.h>
#include <gmmseg/tissues.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "segment/pixel_posteriors.h"
#include "segment/smooth.h"

namespace gmmseg {
namespace {

constexpr int kNumTissues = 3;

void Refuse(bool asked, const std::string& what) {
  if (asked)
    throw ParameterError(what +
                         ": tissues of a brain are told by one intensity; leave it away, or "
                         "do without the preset");
}

TissueOptions TissueOptionsOf(const SegmentOptions& options) {
  TissueOptions tissues = *options.tissues;
  tissues.variances = options.fit.covariance_type == CovarianceType::kTied ? TissueVariances::kTied
                                                                           : TissueVariances::kFree;
  const SmoothOptions& smooth = options.smooth;
  tissues.strength = smooth.Smooths() ? smooth.beta : 0;
  tissues.max_sweeps = smooth.max_sweeps;
  tissues.sweep_tolerance = smooth.tolerance;
  tissues.max_iterations = options.fit.max_iterations;
  tissues.tolerance = options.fit.tolerance;
  tissues.init = options.fit.init;
  tissues.restarts = options.fit.restarts;
  tissues.seed = options.fit.seed;
  return tissues;
}

}  // namespace

void CheckTissues(const SegmentOptions& options) {
  const FitOptions& fit = options.fit;
  if (options.num_components() != kNumTissues || options.choose)
    throw ParameterError(
        "tissues of a brain are three, CSF, GM and WM; ask for 3 classes, or for no number");
  Refuse(fit.method == FitMethod::kKMeans, "k-means");
  Refuse(fit.start || fit.known, "a model to start from");
  Refuse(options.scribbles == Scribbles::kStart, "scribbles");
  Refuse(options.num_classes > 0, "a number of classes to merge to");
  Refuse(options.floor == Floor::kOff, "a floor that is off");
  Refuse(options.shrinkage != 0.0, "shrinkage");
  FeatureSpec one_intensity = options.features;
  const bool is_plain =
      options.features.color == ColorSpace::kAuto || options.features.color == ColorSpace::kRaw;
  one_intensity.color = ColorSpace::kAuto;
  Refuse(one_intensity != FeatureSpec() || !is_plain, "features " + FeatureWords(options.features));
  const bool can_vary =
      fit.covariance_type == CovarianceType::kTied || fit.covariance_type == CovarianceType::kFull;
  Refuse(!can_vary, "covariance " + std::string(ToString(fit.covariance_type)));
  Refuse(options.smooth.method == SmoothMethod::kGuided, "smoothing by a guide");
  if (fit.max_iterations < 1)
    throw ParameterError("max_iterations = 0; tissues have no start to be kept, ask for 1 or more");
}

Segmentation SegmentAsTissues(const Raster& raster, const SegmentOptions& options) {
  if (!raster.weights().empty())
    throw ParameterError(
        "weights of voxels: tissues count every voxel as one; give a mask instead");
  TissueSegmentation found = SegmentTissues(raster, TissueOptionsOf(options));
  Segmentation segmentation = std::move(found.segmentation);
  segmentation.tissues = {std::move(found.facts), std::move(found.bias)};
  NameClasses(segmentation.classes, options.class_names);
  NameClasses(segmentation.model.classes, options.class_names);
  SmoothOptions pieces;  // neighbours have had their say
  pieces.min_size = options.smooth.min_size;
  SmoothClasses(raster, pieces, segmentation);
  return segmentation;
}

}  // namespace gmmseg
