// What smoothing costs beside EM: nanoseconds per pixel and class of one thread, on float planes,
// where every pixel is a sample of its own. Processor time, since the machine may be shared;
// smoothing's includes the pages that its planes take first. Usage: bench_smooth [MEGAPIXELS
// [CLASSES]]
#include <gmmseg/segment.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>

using namespace gmmseg;

namespace {

constexpr int kRounds = 9, kPasses = 10;

double ProcessorSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// The least, since other programs on the machine only add.
double Least(const std::function<void()>& work) {
  double least = INFINITY;
  for (int round = 0; round < kRounds; ++round) {
    const double start = ProcessorSeconds();
    work();
    least = std::min(least, ProcessorSeconds() - start);
  }
  return least;
}

// Waves in three bands, and noise that a multiplication of 32 bits makes.
Raster Waves(std::int64_t side) {
  Raster raster(side, side, 3, SampleType::kFloat32, ColorModel::kRgb);
  for (int b = 0; b < 3; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      const auto noise =
          static_cast<std::uint32_t>(i + 1) * (2654435761u + 2 * static_cast<std::uint32_t>(b));
      raster.Band<float>(b)[i] = static_cast<float>(
          0.5 + 0.3 * std::sin(0.01 * static_cast<double>((i % side) * (b + 1))) +
          0.1 * (noise >> 8) * 0x1p-24);
    }
  return raster;
}

void Run(double megapixels, int num_classes) {
  const ThreadLimit one(1);
  const Raster raster = Waves(std::llround(std::sqrt(1e6 * megapixels)));
  SegmentOptions options;
  options.features.color = ColorSpace::kRaw;
  options.fit.num_components = num_classes;
  options.fit.restarts = 1;
  options.fit.max_iterations = 5;
  const Model model = Segment(raster, options).model;
  const double unit = 1e-9 * static_cast<double>(raster.num_pixels()) * num_classes;

  const FeaturePlanes planes = ComputeFeatures(raster, options.features);
  FitOptions passes;
  passes.start = model.mixture();
  passes.max_iterations = kPasses;
  passes.tolerance = 0;
  passes.acceleration = Acceleration::kOff;
  const double em = Least([&] { FitMixture(planes.samples, passes); }) / (kPasses + 1);
  const double plain = Least([&] { Apply(raster, model); });
  std::printf("EM pass        %7.2f ns\n", em / unit);
  const auto show = [&](const char* name, const SmoothOptions& smooth) {
    const double seconds = Least([&] { Apply(raster, model, smooth); }) - plain;
    std::printf("%-14s %7.2f ns, %.1f EM passes\n", name, seconds / unit, seconds / em);
  };
  SmoothOptions smooth;
  smooth.method = SmoothMethod::kGuided;
  show("guided", smooth);
  smooth.method = SmoothMethod::kPotts;
  show("potts", smooth);
  smooth.temper = 0.02;
  show("potts, tau given", smooth);
  smooth = {};
  smooth.min_size = 500;
  show("small pieces", smooth);
}

}  // namespace

int main(int argc, char** argv) try {
  Run(argc > 1 ? std::atof(argv[1]) : 3, argc > 2 ? std::atoi(argv[2]) : 4);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_smooth: %s\n", error.what());
  return 1;
}
