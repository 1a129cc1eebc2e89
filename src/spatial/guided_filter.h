// Edge-aware smoothing: classes follow the edges of a guide.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "spatial/grid.h"

namespace gmmseg {

struct GuidedFilterRules {
  int radius = 8;         // of the window's square or cube, in pixels, >= 1
  double epsilon = 1e-3;  // > 0, in squares of the guide's unit: edges of less variance go
  // The windows' fits are made on means over so many pixels squared (of each slice), 1, 2 or 4, and
  // reach radius / subsampling of these. 1 is the filter as it was defined.
  int subsampling = 4;
};

// Consecutive pixels, row-major: class k of pixel first + i at values[k · stride + i].
struct ClassRun {
  std::int64_t first = 0, count = 0;
  const float* values = nullptr;
  std::int64_t stride = 0;
};

// Calls visit(run) for runs that together are the pixels first…first+count-1, in their order, on
// the calling thread. Called from several threads at a time.
using ClassSource = std::function<void(std::int64_t first, std::int64_t count,
                                       const std::function<void(const ClassRun& run)>& visit)>;

// Classes that were fitted to a guide: their values are made where they are asked for, so that what
// is held is the fits, (C + 1) / subsampling² numbers per pixel and class for C guides.
class GuidedClasses {
 public:
  virtual ~GuidedClasses() = default;
  // Class k of pixel first + i to values[k · stride + i]; from several threads at a time.
  virtual void Evaluate(std::int64_t first, std::int64_t count, float* values,
                        std::int64_t stride) const = 0;
};

// Each class p becomes q_i = mean over the windows j that hold pixel i of (a_j · g_i + b_j), where
// a_j, b_j fit the class linearly to the guide in window j: the least of
// Σ_i [(a · g_i + b - p_i)² + epsilon |a|²]. Where all classes sum to 1 so do the results; these
// are then clipped at 0 and made to sum to 1 again. Only pixels with weight take part, as pixels,
// and as centres of windows; others get 0. `guide` has 1 to 3 planes, which, as `weight`, must
// outlive the result; weights are 0 or 1, and values without data finite. The same bits for any
// number of threads, and wherever the pixels' neighbourhood lies in the grid, at multiples of the
// subsampling. Cost: the source once; 8 box filters per class at 1 / subsampling² of the pixels, of
// 2 · radius / subsampling + 1 additions along each axis; 4 interpolations per pixel and class
// where it is evaluated. Reference: He, Sun and Tang 2013, "Guided image filtering", eq. 19-21;
// subsampled as in He and Sun 2015, "Fast guided filter".
std::unique_ptr<const GuidedClasses> FitToGuide(const Grid& grid, std::span<const GuidePlane> guide,
                                                const float* weight, const GuidedFilterRules& rules,
                                                int num_classes, const ClassSource& source);

}  // namespace gmmseg
