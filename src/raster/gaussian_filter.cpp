#include "raster/gaussian_filter.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>

#include <cmath>

#include "base/wide_clones.h"

namespace gmmseg {
namespace {

constexpr double kReach = 2.5;  // sigmas
constexpr std::int64_t kRowsPerTask = 16;

std::vector<float> HalfKernel(double sigma) {
  std::vector<float> kernel;
  for (int i = 0; i <= std::ceil(kReach * sigma); ++i)
    kernel.push_back(static_cast<float>(std::exp(-0.5 * i * i / (sigma * sigma))));
  return kernel;
}

GMMSEG_WIDE_CLONES
void AddTap(const float* before, const float* after, float factor, std::int64_t count, float* sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] += factor * (before[i] + after[i]);
}

// Along the columns, at row y.
void SumRows(const Plane& in, std::int64_t y, const std::vector<float>& kernel,
             const std::vector<float>& zeros, float* sum) {
  const auto row = [&](std::int64_t r) {
    return r < 0 || r >= in.height ? zeros.data() : in.Row(r);
  };
  for (std::int64_t x = 0; x < in.width; ++x) sum[x] = kernel[0] * in.Row(y)[x];
  for (std::int64_t i = 1; i < std::ssize(kernel); ++i)
    AddTap(row(y - i), row(y + i), kernel[i], in.width, sum);
}

// Along one row, which has zeros before and behind it.
void SumColumns(const float* row, std::int64_t width, const std::vector<float>& kernel,
                float* sum) {
  for (std::int64_t x = 0; x < width; ++x) sum[x] = kernel[0] * row[x];
  for (std::int64_t i = 1; i < std::ssize(kernel); ++i)
    AddTap(row - i, row + i, kernel[i], width, sum);
}

Plane Convolve(const Plane& in, const std::vector<float>& kernel) {
  Plane out(in.width, in.height);
  const std::vector<float> zeros(in.width);
  const std::int64_t radius = std::ssize(kernel) - 1;
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, in.height, kRowsPerTask),
                    [&](const auto& rows) {
                      std::vector<float> padded(in.width + 2 * radius);
                      for (std::int64_t y = rows.begin(); y < rows.end(); ++y) {
                        SumRows(in, y, kernel, zeros, padded.data() + radius);
                        SumColumns(padded.data() + radius, in.width, kernel, out.Row(y));
                      }
                    });
  return out;
}

}  // namespace

GaussianFilter::GaussianFilter(double sigma, const Plane& weights)
    : kernel_(HalfKernel(sigma)),
      reached_(weights.width, weights.height),
      scale_(Convolve(weights, kernel_)) {
  for (std::int64_t i = 0; i < scale_.size(); ++i) {
    if (!(scale_.values[i] > 0)) continue;
    scale_.values[i] = 1 / scale_.values[i];
    reached_.values[i] = 1;
  }
}

Plane GaussianFilter::Apply(const Plane& weighted) const {
  Plane out = Convolve(weighted, kernel_);
  for (std::int64_t i = 0; i < out.size(); ++i) out.values[i] *= scale_.values[i];
  return out;
}

}  // namespace gmmseg
