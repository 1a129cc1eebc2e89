#include "spatial/mean_field.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "base/fast_math.h"
#include "base/random.h"
#include "base/tile_loop.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kRun = 256;  // pixels updated at a time, so that all classes fit the cache
constexpr float kLeastExponent = -87;
constexpr std::uint64_t kBetaStream = 0x62657461;  // apart from other uses of the seed

using Floats = std::vector<float>;

// A row's even pixels and then its odd ones, each run with a place before and behind it that stays
// 0: so the neighbours of a run of even pixels are runs of pixels, too, also at the borders.
class SplitRows {
 public:
  explicit SplitRows(const Grid& grid) : grid_(grid), half_((grid.width + 1) / 2 + 2) {}

  std::int64_t size() const { return 2 * half_ * grid_.num_rows(); }
  // Where the first even (parity 0) or odd (1) pixel of a row stands.
  std::int64_t First(std::int64_t row, int parity) const { return (2 * row + parity) * half_ + 1; }
  std::int64_t Count(int parity) const { return (grid_.width + 1 - parity) / 2; }

  // convert(value) of every value of the plane.
  template <typename Convert>
  Floats Split(const float* plane, const Convert& convert) const {
    Floats split(size());
    tbb::parallel_for(std::int64_t{0}, grid_.num_rows(), [&](std::int64_t row) {
      for (const int parity : {0, 1}) {
        const float* const from = plane + row * grid_.width + parity;
        float* const to = split.data() + First(row, parity);
        for (std::int64_t j = 0; j < Count(parity); ++j) to[j] = convert(from[2 * j]);
      }
    });
    return split;
  }

  void Join(const float* split, float* plane) const {
    tbb::parallel_for(std::int64_t{0}, grid_.num_rows(), [&](std::int64_t row) {
      for (const int parity : {0, 1}) {
        const float* const from = split + First(row, parity);
        float* const to = plane + row * grid_.width + parity;
        for (std::int64_t j = 0; j < Count(parity); ++j) to[2 * j] = from[j];
      }
    });
  }

  // Without the places between: even pixels from the row's start, odd ones behind them.
  void SplitInPlace(float* plane) const {
    tbb::parallel_for(std::int64_t{0}, grid_.num_rows(), [&](std::int64_t row) {
      float* const values = plane + row * grid_.width;
      Floats odd(Count(1));
      for (std::int64_t j = 0; j < Count(1); ++j) odd[j] = values[2 * j + 1];
      for (std::int64_t j = 0; j < Count(0); ++j) values[j] = values[2 * j];
      std::ranges::copy(odd, values + Count(0));
    });
  }

 private:
  Grid grid_;
  std::int64_t half_;
};

double Sum(const Floats& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return sum;
}

// Σ ln of at most kRun numbers of 1 to 2^16, by few logarithms.
double SumOfLogs(const float* values, std::int64_t count) {
  constexpr std::int64_t kFactors = 32;
  double sum = 0;
  for (std::int64_t first = 0; first < count; first += kFactors) {
    double product = 1;
    for (std::int64_t i = first; i < std::min(first + kFactors, count); ++i) product *= values[i];
    sum += std::log(product);
  }
  return sum;
}

// The loops over a run, each simple enough to become vector code; pointers lead to different
// places.

// sum[j] += w[j] · q[j]
void AddProducts(const float* w, const float* q, std::int64_t count, float* __restrict sum) {
  for (std::int64_t j = 0; j < count; ++j) sum[j] += w[j] * q[j];
}

void SetField(const float* log_p, const float* coupling, std::int64_t count,
              float* __restrict field, float* __restrict largest) {
  for (std::int64_t j = 0; j < count; ++j) {
    const float value = log_p[j] + coupling[j];
    field[j] = value;
    largest[j] = std::max(largest[j], value);
  }
}

void SetExponentials(const float* largest, std::int64_t count, float* __restrict field,
                     float* __restrict total) {
  for (std::int64_t j = 0; j < count; ++j) {
    const float value = FastExp(field[j] - largest[j]);
    field[j] = value;
    total[j] += value;
  }
}

// The totals' inverses, and the totals as factors of a product: both only where there are data.
void InvertTotals(const float* has_data, std::int64_t count, float* __restrict total,
                  float* __restrict inverse) {
  for (std::int64_t j = 0; j < count; ++j) {
    inverse[j] = has_data[j] / total[j];
    total[j] = 1 + has_data[j] * (total[j] - 1);
  }
}

void Scale(const float* values, const float* factors, std::int64_t count,
           float* __restrict scaled) {
  for (std::int64_t j = 0; j < count; ++j) scaled[j] = values[j] * factors[j];
}

double Dot(const float* a, const float* b, std::int64_t count) {
  double sum[4] = {};
  std::int64_t j = 0;
  for (; j + 4 <= count; j += 4)
    for (int lane = 0; lane < 4; ++lane) sum[lane] += double{a[j + lane]} * b[j + lane];
  for (; j < count; ++j) sum[0] += double{a[j]} * b[j];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// Pixels of one parity in one row, side by side once the row is split.
struct Run {
  std::int64_t row, first, count;  // first: among those of its parity
  int parity;
};

// Where the pixels stand next to a run's, and the weights of these pairs.
struct Neighbours {
  std::int64_t place;
  const float* weights;
};

// A run's numbers on the way, kRun for each class.
struct Scratch {
  explicit Scratch(int num_classes) : field(num_classes * kRun), coupling(num_classes * kRun) {}
  Floats field, coupling;
  float largest[kRun], total[kRun];
};

class Field {
 public:
  Field(const Grid& grid, const PairWeights& weights, const float* weight, float beta,
        const ClassPlanes& planes)
      : grid_(grid),
        rows_(grid),
        log_p_(planes),
        has_data_(rows_.Split(weight, [](float w) { return w > 0 ? 1.0f : 0.0f; })),
        of_row_(grid.num_rows()) {
    for (std::size_t a = 0; a < weights.size(); ++a) {
      if (weights[a].empty()) continue;
      pairs_[a] = rows_.Split(weights[a].data(), [beta](float w) { return beta * w; });
      pair_energy_ += Sum(pairs_[a]);
    }
    num_data_ = std::max(Sum(has_data_), 1.0);
    for (int k = 0; k < planes.num_classes; ++k) rows_.SplitInPlace(planes.Plane(k));
    q_.assign(planes.num_classes, Floats(rows_.size()));
  }

  std::vector<double> Minimize(const MeanFieldRules& rules) {
    const auto energy_after = [&](Couple couple) {
      double energy = pair_energy_;
      for (const int half : {0, 1}) energy += UpdateHalf(half, couple);
      return energy;
    };
    std::vector<double> energies;
    energies.push_back((energy_after(Couple::kOff) - PairProducts()) / num_data_);
    for (int sweep = 0; sweep < rules.max_sweeps; ++sweep) {
      energies.push_back(energy_after(Couple::kOn) / num_data_);
      const double gain = energies[sweep] - energies[sweep + 1];
      if (rules.tolerance > 0 && gain < rules.tolerance) break;
    }
    return energies;
  }

  void TakeResult() {
    for (int k = 0; k < log_p_.num_classes; ++k) rows_.Join(q_[k].data(), log_p_.Plane(k));
  }

 private:
  enum class Couple { kOff, kOn };

  // Every pixel of one half takes its best q. Returns what it has of the energy: of the first half
  // without the pairs, of the second with all of them, for each pair has one pixel there.
  double UpdateHalf(int half, Couple couple) {
    return SumOfRuns(
        half, [&](const Run& run, Scratch& scratch) { return Update(run, half, couple, scratch); });
  }

  // The sum of value(run, scratch) over one half's pixels.
  template <typename Value>
  double SumOfRuns(int half, const Value& value) {
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, grid_.num_rows()), [&](const auto& rows) {
      Scratch scratch(log_p_.num_classes);
      for (std::int64_t row = rows.begin(); row < rows.end(); ++row) {
        const auto parity = static_cast<int>((row % grid_.height + row / grid_.height + half) % 2);
        of_row_[row] = 0;
        for (std::int64_t first = 0; first < rows_.Count(parity); first += kRun)
          of_row_[row] +=
              value({row, first, std::min(kRun, rows_.Count(parity) - first), parity}, scratch);
      }
    });
    double sum = 0;  // in order of the rows, whatever thread had them
    for (const double of_row : of_row_) sum += of_row;
    return sum;
  }

  // Σ_(ij) beta w_ij Σ_k q_i(k) q_j(k)
  double PairProducts() {
    return SumOfRuns(0, [&](const Run& run, Scratch& scratch) {
      double sum = 0;
      for (int k = 0; k < log_p_.num_classes; ++k)
        sum += Dot(q_[k].data() + rows_.First(run.row, run.parity) + run.first,
                   Coupling(k, run, scratch), run.count);
      return sum;
    });
  }

  // Σ_j beta w_ij q_j(k) of the run's pixels.
  const float* Coupling(int k, const Run& run, Scratch& scratch) const {
    float* const coupling = scratch.coupling.data() + k * kRun;
    std::fill_n(coupling, run.count, 0.0f);
    std::array<Neighbours, 6> neighbours;
    const int count = NeighboursOf(run, neighbours);
    for (int n = 0; n < count; ++n)
      AddProducts(neighbours[n].weights, q_[k].data() + neighbours[n].place, run.count, coupling);
    return coupling;
  }

  int NeighboursOf(const Run& run, std::array<Neighbours, 6>& found) const {
    int count = 0;
    const auto other = [&](std::int64_t row, int parity, std::int64_t shift) {
      return rows_.First(row, parity) + run.first + shift;
    };
    const std::int64_t here = other(run.row, run.parity, 0);
    // Odd pixel j stands between even pixels j and j + 1.
    const std::int64_t left = other(run.row, 1 - run.parity, run.parity - 1);
    const std::int64_t right = other(run.row, 1 - run.parity, run.parity);
    if (grid_.width > 1) {
      found[count++] = {left, pairs_[0].data() + left};
      found[count++] = {right, pairs_[0].data() + here};
    }
    const std::int64_t steps[] = {1, grid_.height};
    for (const int a : {1, 2}) {
      const auto [stride, extent] = grid_.axes()[a];
      const std::int64_t place = run.row * grid_.width / stride % extent, step = steps[a - 1];
      if (place > 0) {
        const std::int64_t before = other(run.row - step, run.parity, 0);
        found[count++] = {before, pairs_[a].data() + before};
      }
      if (place + 1 < extent)
        found[count++] = {other(run.row + step, run.parity, 0), pairs_[a].data() + here};
    }
    return count;
  }

  const float* LogP(int k, const Run& run) const {
    return log_p_.Plane(k) + run.row * grid_.width + run.parity * rows_.Count(0) + run.first;
  }

  double Update(const Run& run, int half, Couple couple, Scratch& scratch) {
    std::fill_n(scratch.largest, run.count, -INFINITY);
    if (couple == Couple::kOff) std::ranges::fill(scratch.coupling, 0.0f);
    for (int k = 0; k < log_p_.num_classes; ++k) {
      const float* const coupling =
          couple == Couple::kOn ? Coupling(k, run, scratch) : scratch.coupling.data() + k * kRun;
      SetField(LogP(k, run), coupling, run.count, scratch.field.data() + k * kRun, scratch.largest);
    }
    return Normalize(run, half, scratch);
  }

  // q from the field. Returns Σ -ln Z, which is what a pixel at its best adds to the energy with
  // all its pairs; of the first half the pairs are taken out again, as the second has them.
  double Normalize(const Run& run, int half, Scratch& scratch) {
    const std::int64_t here = rows_.First(run.row, run.parity) + run.first;
    const float* const has_data = has_data_.data() + here;
    std::fill_n(scratch.total, run.count, 0.0f);
    for (int k = 0; k < log_p_.num_classes; ++k)
      SetExponentials(scratch.largest, run.count, scratch.field.data() + k * kRun, scratch.total);
    double energy = -Dot(has_data, scratch.largest, run.count);
    InvertTotals(has_data, run.count, scratch.total, scratch.largest);
    energy -= SumOfLogs(scratch.total, run.count);
    for (int k = 0; k < log_p_.num_classes; ++k) {
      float* const q = q_[k].data() + here;
      Scale(scratch.field.data() + k * kRun, scratch.largest, run.count, q);
      if (half == 0) energy += Dot(q, scratch.coupling.data() + k * kRun, run.count);
    }
    return energy;
  }

  Grid grid_;
  SplitRows rows_;
  ClassPlanes log_p_;
  Floats has_data_;              // 0 or 1
  std::array<Floats, 3> pairs_;  // beta · w
  std::vector<Floats> q_;
  double num_data_ = 0, pair_energy_ = 0;
  std::vector<double> of_row_;
};

// |g_i - g_j|² of a row's pixels and the next ones along the axis; -1 where there is no pair.
void SetSquaredSteps(const Grid& grid, std::span<const GuidePlane> guide, const float* weight,
                     const GridAxis& axis, std::int64_t row, float* __restrict squares) {
  const std::int64_t first = row * grid.width;
  const bool along = axis.stride == 1 && grid.width > 1;  // columns have that stride, too
  const bool is_last = !along && first / axis.stride % axis.extent + 1 == axis.extent;
  const std::int64_t end = is_last ? first : first + grid.width - (along ? 1 : 0);
  std::fill_n(squares + first, grid.width, 0.0f);
  for (const auto& [plane, scale] : guide)
    for (std::int64_t i = first; i < end; ++i) {
      const float step = plane[i + axis.stride] - plane[i];
      squares[i] += scale * scale * step * step;
    }
  for (std::int64_t i = first; i < end; ++i)
    if (!(weight[i] > 0) || !(weight[i + axis.stride] > 0)) squares[i] = -1;
  std::fill(squares + end, squares + first + grid.width, -1.0f);
}

// Of pixels whose own and whose neighbours' labels count in the pseudo-likelihood.
struct LabelledPixel {
  double own = 0;               // Σ_j w_ij over the neighbours of its label
  std::array<double, 6> other;  // the same of each other label that a neighbour has
  int num_other = 0, num_absent = 0;
};

// The slope and the curvature of a pixel's log pseudo-likelihood.
std::array<double, 2> Slope(const LabelledPixel& pixel, double beta) {
  double total = std::exp(beta * pixel.own) + pixel.num_absent;
  double mean = pixel.own * std::exp(beta * pixel.own), square = pixel.own * mean;
  for (int n = 0; n < pixel.num_other; ++n) {
    const double term = std::exp(beta * pixel.other[n]);
    total += term;
    mean += pixel.other[n] * term;
    square += pixel.other[n] * pixel.other[n] * term;
  }
  mean /= total;
  return {pixel.own - mean, mean * mean - square / total};
}

// What squared steps are multiplied by in the exponents of their weights.
float ScaleOf(double contrast) {
  constexpr double kLeast = std::numeric_limits<float>::lowest();
  return static_cast<float>(contrast > 0 ? std::max(-1 / (2 * contrast), kLeast) : 0);
}

float WeightOf(float square, float scale) {
  const float weight = FastExp(std::max(scale * std::abs(square), kLeastExponent));
  return square >= 0 ? weight : 0.0f;
}

LabelledPixel Describe(const LabelledPairs& pairs, float scale, int num_classes) {
  LabelledPixel pixel;
  std::array<std::uint16_t, 6> found;
  for (int j = 0; j < pairs.num_neighbours; ++j) {
    const double weight = WeightOf(pairs.squares[j], scale);
    if (pairs.labels[j] == pairs.label) {
      pixel.own += weight;
      continue;
    }
    int n = 0;
    while (n < pixel.num_other && found[n] != pairs.labels[j]) ++n;
    if (n == pixel.num_other) {
      found[pixel.num_other++] = pairs.labels[j];
      pixel.other[n] = 0;
    }
    pixel.other[n] += weight;
  }
  pixel.num_absent = num_classes - 1 - pixel.num_other;
  return pixel;
}

}  // namespace

SquaredSteps MeasureSteps(const Grid& grid, std::span<const GuidePlane> guide,
                          const float* weight) {
  SquaredSteps steps;
  std::vector<std::array<double, 2>> of_row(grid.num_rows());  // Σ |g_i - g_j|², pairs
  for (const GridAxis& axis : grid.axes()) {
    Floats& squares = steps.of_pairs.emplace_back();
    if (axis.extent == 1) continue;
    squares.resize(grid.size());
    tbb::parallel_for(std::int64_t{0}, grid.num_rows(), [&](std::int64_t row) {
      SetSquaredSteps(grid, guide, weight, axis, row, squares.data());
      for (std::int64_t i = row * grid.width; i < (row + 1) * grid.width; ++i) {
        if (squares[i] < 0) continue;
        of_row[row][0] += squares[i];
        ++of_row[row][1];
      }
    });
  }
  for (const auto& [of_squares, of_pairs] : of_row) {
    steps.sum += of_squares;
    steps.num_pairs += of_pairs;
  }
  return steps;
}

PairWeights ContrastWeights(SquaredSteps steps, double contrast) {
  const float scale = ScaleOf(contrast);
  for (Floats& of_axis : steps.of_pairs)
    ForEachTile(std::ssize(of_axis), [&](std::int64_t, std::int64_t first, std::int64_t size) {
      float* const w = of_axis.data() + first;
      for (std::int64_t i = 0; i < size; ++i) w[i] = WeightOf(w[i], scale);
    });
  return std::move(steps.of_pairs);
}

LabelledPairs PairsOf(const Grid& grid, const SquaredSteps& steps,
                      std::span<const std::uint16_t> labels, std::int64_t pixel) {
  LabelledPairs pairs;
  pairs.label = labels[pixel];
  const auto add = [&](std::int64_t neighbour, float square) {
    if (labels[neighbour] == 0) return;
    pairs.labels[pairs.num_neighbours] = labels[neighbour];
    pairs.squares[pairs.num_neighbours++] = square;
  };
  const auto axes = grid.axes();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const std::int64_t stride = axes[a].stride, place = pixel / stride % axes[a].extent;
    if (place > 0) add(pixel - stride, steps.of_pairs[a][pixel - stride]);
    if (place + 1 < axes[a].extent) add(pixel + stride, steps.of_pairs[a][pixel]);
  }
  return pairs;
}

std::vector<LabelledPairs> SamplePairs(const Grid& grid, const SquaredSteps& steps,
                                       std::span<const std::uint16_t> labels) {
  constexpr std::int64_t kMostPixels = 16384;
  const std::int64_t count = std::min(grid.size(), kMostPixels);
  std::vector<LabelledPairs> pixels;
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t first = grid.size() * n / count, end = grid.size() * (n + 1) / count;
    const double at = ToUnit(Hash(0, kBetaStream, static_cast<std::uint64_t>(n)));
    const std::int64_t i = first + static_cast<std::int64_t>(at * static_cast<double>(end - first));
    if (labels[i] > 0) pixels.push_back(PairsOf(grid, steps, labels, i));
  }
  return pixels;
}

double EstimateBeta(std::span<const LabelledPairs> pixels, double contrast, int num_classes) {
  constexpr int kMostSteps = 30;
  std::vector<LabelledPixel> described;
  for (const LabelledPairs& pairs : pixels)
    described.push_back(Describe(pairs, ScaleOf(contrast), num_classes));
  double low = 0, high = kMostBeta, beta = 1;
  for (int step = 0; step < kMostSteps && high - low > 1e-4; ++step) {
    double slope = 0, curvature = 0;
    for (const LabelledPixel& pixel : described) {
      const auto [of_pixel, bend] = Slope(pixel, beta);
      slope += of_pixel;
      curvature += bend;
    }
    if (slope == 0) return step == 0 ? 0 : beta;
    (slope > 0 ? low : high) = beta;
    const double newton = curvature < 0 ? beta - slope / curvature : high;
    beta = newton > low && newton < high ? newton : (low + high) / 2;
    if (std::abs(newton - beta) == 0 && std::abs(slope / curvature) < 1e-4) break;
  }
  return beta;
}

std::vector<double> MeanField(const Grid& grid, const PairWeights& weights, const float* weight,
                              const MeanFieldRules& rules, const ClassPlanes& planes) {
  Field field(grid, weights, weight, static_cast<float>(rules.beta), planes);
  std::vector<double> energies = field.Minimize(rules);
  field.TakeResult();
  return energies;
}

}  // namespace gmmseg
