// Nanoseconds per pixel, component and iteration of EM: ours and others', on the colours of one
// photograph, from one start. Usage: bench_em PHOTO [MEGAPIXELS]
#include <gmmseg/posterior.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

#include "programs.h"

namespace gmmseg::bench {
namespace {

constexpr int kComponents = 4;
constexpr int kRepeats = 7;
constexpr int kIterationsToCompare = 10;

// R, G, B of the photograph's pixels, over and over until there are `num_pixels`.
Eigen::MatrixXd ReadPoints(const std::string& path, std::int64_t num_pixels) {
  const cv::Mat image = cv::imread(path, cv::IMREAD_COLOR);
  if (image.empty()) throw std::runtime_error(path + ": cannot be read");
  Eigen::MatrixXd points(3, num_pixels);
  for (std::int64_t i = 0; i < num_pixels; ++i) {
    const std::uint8_t* bgr = image.data + 3 * (i % static_cast<std::int64_t>(image.total()));
    points.col(i) << bgr[2], bgr[1], bgr[0];
  }
  return points;
}

// Means: the pixels at the middle of K equal shares when ordered by R + G + B. Covariances: the
// data's.
GaussianMixture Start(const Eigen::MatrixXd& points, CovarianceType type) {
  const auto num_pixels = points.cols();
  const Eigen::VectorXd brightness = points.colwise().sum();
  std::vector<Eigen::Index> order(num_pixels);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return brightness[a] < brightness[b]; });
  const Eigen::MatrixXd centered = points.colwise() - points.rowwise().mean();
  Eigen::MatrixXd covariance = centered * centered.transpose() / static_cast<double>(num_pixels);
  if (type == CovarianceType::kDiagonal) covariance = covariance.diagonal().eval().asDiagonal();

  GaussianMixture start;
  start.covariance_type = type;
  start.blocks = {{.first = 0, .size = 3}};
  start.weights = Eigen::VectorXd::Constant(kComponents, 1.0 / kComponents);
  start.means.resize(kComponents, 3);
  for (int k = 0; k < kComponents; ++k)
    start.means.row(k) = points.col(order[(2 * k + 1) * num_pixels / (2 * kComponents)]);
  start.covariances.assign(kComponents, covariance);
  return start;
}

double Seconds(const Fit& fit, int iterations) {
  const auto start = std::chrono::steady_clock::now();
  fit(iterations);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The difference between 2n and n iterations leaves out what does not depend on n; the median of
// several leaves out what else the machine did.
double NanosecondsPerPass(const Fit& fit, int iterations, std::int64_t num_pixels) {
  std::vector<double> seconds;
  for (int i = 0; i < kRepeats; ++i)
    seconds.push_back(Seconds(fit, 2 * iterations) - Seconds(fit, iterations));
  std::nth_element(seconds.begin(), seconds.begin() + kRepeats / 2, seconds.end());
  return 1e9 * seconds[kRepeats / 2] / (static_cast<double>(num_pixels) * kComponents * iterations);
}

double MeanLogDensity(const Eigen::MatrixXd& points, const GaussianMixture& model) {
  std::mutex mutex;
  double sum = 0;
  VisitPosteriors(Samples::FromRows(points.transpose()), model, [&](const PosteriorTile& tile) {
    const double tile_sum =
        std::accumulate(tile.log_densities, tile.log_densities + tile.count, 0.0);
    const std::lock_guard lock(mutex);
    sum += tile_sum;
  });
  return sum / static_cast<double>(points.cols());
}

// Evenly spaced columns.
Eigen::MatrixXd Subset(const Eigen::MatrixXd& points, std::int64_t num_pixels) {
  const std::int64_t n = std::min<std::int64_t>(points.cols(), num_pixels);
  Eigen::MatrixXd subset(points.rows(), n);
  for (std::int64_t i = 0; i < n; ++i) subset.col(i) = points.col(i * points.cols() / n);
  return subset;
}

Task MakeTask(const Eigen::MatrixXd& points, std::int64_t num_pixels, CovarianceType type) {
  Task task{Subset(points, num_pixels), {}};
  task.start = Start(task.points, type);
  return task;
}

struct Measurement {
  double nanoseconds[2] = {0, 0};  // with 1 and 2 threads; 0: the program cannot
  double log_density = 0;          // per pixel, of the model: programs that do the same work agree
};

Measurement Measure(const Program& program, const Eigen::MatrixXd& points) {
  const Task task = MakeTask(points, program.max_pixels, program.covariance_type);
  const Fit fit = program.prepare(task);
  Measurement result;
  for (const int num_threads : {1, 2}) {
    if (program.set_threads) program.set_threads(num_threads);
    if (program.set_threads || num_threads == 1)
      result.nanoseconds[num_threads - 1] =
          NanosecondsPerPass(fit, program.iterations, task.points.cols());
  }
  const Task check = MakeTask(points, 10000, program.covariance_type);
  result.log_density = MeanLogDensity(check.points, program.prepare(check)(kIterationsToCompare));
  return result;
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

std::string Cell(double nanoseconds, double ours) {
  if (nanoseconds == 0) return "n/a | n/a";
  char text[64];
  std::snprintf(text, sizeof text, "%.2f | %.1f ×", nanoseconds, nanoseconds / ours);
  return text;
}

std::vector<Program> Programs() {
  std::vector<Program> all = GmmsegPrograms();
  const auto add = [&all](std::vector<Program> programs) {
    all.insert(all.end(), programs.begin(), programs.end());
  };
#ifdef GMMSEG_BENCH_OPENCV_ML
  add(OpenCvPrograms());
#endif
#ifdef GMMSEG_BENCH_ARMADILLO
  add(ArmadilloPrograms());
#endif
#ifdef GMMSEG_BENCH_VLFEAT
  add(VlfeatPrograms());
#endif
  return all;
}

void PrintTable(CovarianceType type, const Eigen::MatrixXd& points) {
  std::printf("\n| %s covariances | 1 thread, ns | ratio | 2 threads, ns | ratio | log-density |\n",
              std::string(ToString(type)).c_str());
  std::printf("|---|---|---|---|---|---|\n");
  Measurement ours;
  for (const Program& program : Programs()) {
    if (program.covariance_type != type) continue;
    const Measurement m = Measure(program, points);
    if (program.name == "gmmseg") ours = m;
    std::printf("| %s | %s | %s | %.4f |\n", program.name.c_str(),
                Cell(m.nanoseconds[0], ours.nanoseconds[0]).c_str(),
                Cell(m.nanoseconds[1], ours.nanoseconds[1]).c_str(), m.log_density);
    std::fflush(stdout);
  }
}

}  // namespace

int Main(int argc, char** argv) {
  if (argc < 2 || argc > 3) throw std::runtime_error("usage: bench_em PHOTO [MEGAPIXELS]");
  const double megapixels = argc == 3 ? std::atof(argv[2]) : 0.5;
  if (!(megapixels >= 1e-4 && megapixels <= 1e3))
    throw std::runtime_error(std::string("MEGAPIXELS = ") + argv[2] + "; must be 0.0001 to 1000");
  const Eigen::MatrixXd points = ReadPoints(argv[1], std::llround(megapixels * 1e6));
  std::printf(
      "EM on %s: nanoseconds per pixel, component and iteration (D = 3, K = %d, N = %lld)\n",
      argv[1], kComponents, static_cast<long long>(points.cols()));
  std::printf("log-density: per pixel, after %d iterations on the same 10 000 pixels\n",
              kIterationsToCompare);
  std::printf("%s, gmmseg's kernels: %s\n", ProcessorName().c_str(),
              std::string(InstructionSet()).c_str());
  PrintTable(CovarianceType::kFull, points);
  PrintTable(CovarianceType::kDiagonal, points);
  return 0;
}

}  // namespace gmmseg::bench

int main(int argc, char** argv) {
  try {
    return gmmseg::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_em: %s\n", error.what());
    return 1;
  }
}
