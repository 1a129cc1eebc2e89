#include "segment/fit_options.h"

#include "segment/scribbled_start.h"

namespace gmmseg {

FitOptions FitOptionsFor(const SegmentOptions& options, const FeaturePlanes& planes) {
  FitOptions fit = options.fit;
  fit.blocks = planes.layout.blocks;
  // Places make every pixel a sample of its own, and passes slow.
  fit.coarse_to_fine =
      planes.layout.spec.position_weight > 0 ? CoarseToFine::kOn : CoarseToFine::kOff;
  fit.floor = options.floor == Floor::kOn ? planes.floor : Eigen::MatrixXd();
  fit.known = KnownComponents(planes, options);
  return fit;
}

}  // namespace gmmseg
