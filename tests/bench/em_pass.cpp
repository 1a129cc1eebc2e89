// Nanoseconds per pixel, component and iteration of EM: ours and others', on the colours of one
// photograph, without and with the pixels' places, from one start. Usage: bench_em PHOTO
// [MEGAPIXELS]
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
constexpr int kRounds = 11;
constexpr int kIterationsToCompare = 10;

// R, G, B, column and row of the photograph's pixels, over and over until there are `num_pixels`.
Eigen::MatrixXd ReadPoints(const std::string& path, std::int64_t num_pixels) {
  const cv::Mat image = cv::imread(path, cv::IMREAD_COLOR);
  if (image.empty()) throw std::runtime_error(path + ": cannot be read");
  Eigen::MatrixXd points(5, num_pixels);
  for (std::int64_t i = 0; i < num_pixels; ++i) {
    const auto pixel = static_cast<int>(i % static_cast<std::int64_t>(image.total()));
    const std::uint8_t* bgr = image.data + std::ptrdiff_t{3} * pixel;
    points.col(i) << bgr[2], bgr[1], bgr[0], pixel % image.cols, pixel / image.cols;
  }
  return points;
}

// Means: the pixels at the middle of K equal shares when ordered by R + G + B. Covariances: the
// data's.
GaussianMixture Start(const Eigen::MatrixXd& points, CovarianceType type) {
  const auto num_pixels = points.cols();
  const Eigen::VectorXd brightness = points.topRows(3).colwise().sum();
  std::vector<Eigen::Index> order(num_pixels);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return brightness[a] < brightness[b]; });
  const Eigen::MatrixXd centered = points.colwise() - points.rowwise().mean();
  Eigen::MatrixXd covariance = centered * centered.transpose() / static_cast<double>(num_pixels);
  if (type == CovarianceType::kDiagonal) covariance = covariance.diagonal().eval().asDiagonal();

  GaussianMixture start;
  start.covariance_type = type;
  start.blocks = {{.first = 0, .size = static_cast<int>(points.rows())}};
  start.weights = Eigen::VectorXd::Constant(kComponents, 1.0 / kComponents);
  start.means.resize(kComponents, points.rows());
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

// The difference between 2n and n iterations leaves out what does not depend on n. A first run
// brings the caches and the clock to where they stay.
double NanosecondsPerPass(const Fit& fit, int iterations, std::int64_t num_pixels) {
  fit(iterations);
  const double seconds = Seconds(fit, 2 * iterations) - Seconds(fit, iterations);
  return 1e9 * seconds / (static_cast<double>(num_pixels) * kComponents * iterations);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
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

constexpr int kThreads[] = {1, 2};

// One program's times on one task.
class Contestant {
 public:
  Contestant(const Program& program, const Eigen::MatrixXd& points)
      : program_(program),
        num_pixels_(std::min<std::int64_t>(points.cols(), program.max_pixels)),
        fit_(program.prepare(MakeTask(points, program.max_pixels, program.covariance_type))) {}

  bool Knows(int num_threads) const { return program_.set_threads || num_threads == 1; }

  void Run(int num_threads) {
    if (program_.set_threads) program_.set_threads(num_threads);
    nanoseconds_[num_threads - 1].push_back(
        NanosecondsPerPass(fit_, program_.iterations, num_pixels_));
  }

  double Nanoseconds(int num_threads) const { return Median(nanoseconds_[num_threads - 1]); }

  // How many times slower than `other`, in the median of the rounds.
  double Ratio(const Contestant& other, int num_threads) const {
    std::vector<double> ratios;
    for (int i = 0; i < kRounds; ++i)
      ratios.push_back(nanoseconds_[num_threads - 1][i] / other.nanoseconds_[num_threads - 1][i]);
    return Median(ratios);
  }

  // Per pixel: programs that do the same work agree.
  double LogDensity(const Eigen::MatrixXd& points) const {
    const Task check = MakeTask(points, 10000, program_.covariance_type);
    return MeanLogDensity(check.points, program_.prepare(check)(kIterationsToCompare));
  }

  const std::string& name() const { return program_.name; }

 private:
  Program program_;
  std::int64_t num_pixels_;
  Fit fit_;
  std::vector<double> nanoseconds_[std::size(kThreads)];
};

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
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

// Every program in every round, so that what else the machine does meets them all.
void PrintTable(CovarianceType type, const Eigen::MatrixXd& points) {
  std::vector<Contestant> contestants;
  for (const Program& program : Programs())
    if (program.covariance_type == type &&
        (program.num_features == 0 || program.num_features == points.rows()))
      contestants.emplace_back(program, points);
  for (int round = 0; round < kRounds; ++round)
    for (const int num_threads : kThreads)
      for (Contestant& contestant : contestants)
        if (contestant.Knows(num_threads)) contestant.Run(num_threads);

  std::printf(
      "\n| %s covariances, D = %d | 1 thread, ns | ratio | 2 threads, ns | ratio | "
      "log-density |\n|---|---|---|---|---|---|\n",
      std::string(ToString(type)).c_str(), static_cast<int>(points.rows()));
  for (const Contestant& contestant : contestants) {
    std::printf("| %s |", contestant.name().c_str());
    for (const int num_threads : kThreads) {
      if (contestant.Knows(num_threads))
        std::printf(" %.2f | %.1f × |", contestant.Nanoseconds(num_threads),
                    contestant.Ratio(contestants.front(), num_threads));
      else
        std::printf(" n/a | n/a |");
    }
    std::printf(" %.4f |\n", contestant.LogDensity(points));
  }
  std::fflush(stdout);
}

}  // namespace

int Main(int argc, char** argv) {
  if (argc < 2 || argc > 3) throw std::runtime_error("usage: bench_em PHOTO [MEGAPIXELS]");
  const double megapixels = argc == 3 ? std::atof(argv[2]) : 0.5;
  if (!(megapixels >= 1e-4 && megapixels <= 1e3))
    throw std::runtime_error(std::string("MEGAPIXELS = ") + argv[2] + "; must be 0.0001 to 1000");
  const Eigen::MatrixXd points = ReadPoints(argv[1], std::llround(megapixels * 1e6));
  std::printf(
      "EM on %s: nanoseconds per pixel, component and iteration (K = %d, N = %lld), medians of %d "
      "rounds\n",
      argv[1], kComponents, static_cast<long long>(points.cols()), kRounds);
  std::printf("log-density: per pixel, after %d iterations on the same 10 000 pixels\n",
              kIterationsToCompare);
  std::printf("%s, gmmseg's kernels: %s\n", ProcessorName().c_str(),
              std::string(InstructionSet()).c_str());
  const Eigen::MatrixXd colors = points.topRows(3);
  PrintTable(CovarianceType::kFull, colors);
  PrintTable(CovarianceType::kDiagonal, colors);
  PrintTable(CovarianceType::kFull, points);
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
