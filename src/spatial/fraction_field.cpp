#include "spatial/fraction_field.h"

#include <gmmseg/errors.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

#include "base/soft_max.h"
#include "base/text.h"
#include "base/wide_clones.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kRun = FractionField::kMostAtATime;

// No two voxels of one colour are neighbours: two of six neighbours, eight of 26.
int NumColours(const FractionRules& rules) { return rules.neighbours.size() <= 6 ? 2 : 8; }

GMMSEG_WIDE_CLONES
void AddCoupling(const float* norm, const float* product, float strength, float squared_norm,
                 std::int64_t count, float* __restrict values) {
  for (std::int64_t j = 0; j < count; ++j)
    values[j] -= strength * (norm[j] * squared_norm - 2 * product[j]);
}

GMMSEG_WIDE_CLONES
void AddScaled(const float* from, float factor, std::int64_t count, float* __restrict to) {
  for (std::int64_t j = 0; j < count; ++j) to[j] += factor * from[j];
}

}  // namespace

float FractionState::SquaredNorm() const {
  float sum = 0;
  for (const float f : fractions) sum += f * f;
  return sum;
}

std::vector<NeighbourWeight> NeighboursOf(const Grid& grid, const std::array<double, 3>& spacing,
                                          Neighbourhood neighbourhood) {
  std::vector<NeighbourWeight> neighbours;
  const auto reach = [](std::int64_t extent) { return extent > 1 ? 1 : 0; };
  const int rx = reach(grid.width), ry = reach(grid.height), rz = reach(grid.depth);
  double sum = 0;
  for (int dz = -rz; dz <= rz; ++dz)
    for (int dy = -ry; dy <= ry; ++dy)
      for (int dx = -rx; dx <= rx; ++dx) {
        const int steps = std::abs(dx) + std::abs(dy) + std::abs(dz);
        if (steps == 0 || (neighbourhood == Neighbourhood::k6 && steps > 1)) continue;
        const double squared = std::pow(dx * spacing[0], 2) + std::pow(dy * spacing[1], 2) +
                               std::pow(dz * spacing[2], 2);
        neighbours.push_back({dx, dy, dz, static_cast<float>(1 / squared)});
        sum += 1 / squared;
      }
  constexpr double kSum = 6;
  for (NeighbourWeight& neighbour : neighbours)
    neighbour.weight = static_cast<float>(neighbour.weight * kSum / sum);
  return neighbours;
}

// A run's voxels and their numbers on the way, kRun for each tissue or state.
class FractionField::Runs {
 public:
  explicit Runs(const FractionField& field)
      : field_(field),
        products_(field.fractions_.size() * kRun),
        values_(field.states_.size() * kRun),
        expected_(products_.size()) {}

  bool IsFull() const { return count_ == kRun; }
  std::int64_t count() const { return count_; }
  void Clear() { count_ = 0; }
  float Norm(std::int64_t j) const { return norms_[j]; }
  float Expected(std::size_t k, std::int64_t j) const { return expected_[k * kRun + j]; }
  float Product(std::size_t k, std::int64_t j) const { return products_[k * kRun + j]; }
  std::int64_t Voxel(std::int64_t j) const { return voxels_[j]; }

  // With what its neighbours hold.
  void Add(std::int64_t x, std::int64_t y, std::int64_t z, const FractionRules& rules) {
    const Grid& grid = field_.grid_;
    const std::int64_t voxel = (z * grid.height + y) * grid.width + x;
    voxels_[count_] = voxel;
    float norm = 0;
    std::array<float, kMostTissues> sums{};
    const std::size_t num_tissues = field_.fractions_.size();
    for (const NeighbourWeight& n : rules.neighbours) {
      if (x + n.dx < 0 || x + n.dx >= grid.width || y + n.dy < 0 || y + n.dy >= grid.height ||
          z + n.dz < 0 || z + n.dz >= grid.depth)
        continue;
      const std::int64_t other = voxel + (n.dz * grid.height + n.dy) * grid.width + n.dx;
      if (!field_.inside_[other]) continue;
      norm += n.weight;
      for (std::size_t k = 0; k < num_tissues; ++k)
        sums[k] += n.weight * field_.fractions_[k][other];
    }
    norms_[count_] = norm;
    for (std::size_t k = 0; k < num_tissues; ++k) products_[k * kRun + count_] = sums[k];
    ++count_;
  }

  // Their states' probabilities, unnormalised, and Σ ln of what normalises them.
  double Weigh(double strength) {
    field_.log_densities_({voxels_.data(), static_cast<std::size_t>(count_)}, values_.data(), kRun);
    return Normalize(strength);
  }

  // The same of the field alone: every voxel as if nothing had been measured there.
  double WeighUnmeasured(double strength) {
    for (std::size_t l = 0; l < field_.states_.size(); ++l)
      std::fill_n(values_.data() + l * kRun, count_, field_.states_[l].log_weight);
    return Normalize(strength);
  }

  // Expected fractions, by the probabilities; returns Σ_i norm_i E |f_i|².
  double Expect() {
    std::ranges::fill(expected_, 0.0f);
    std::array<float, kRun> squares{};
    for (std::size_t l = 0; l < field_.states_.size(); ++l) {
      const FractionState& state = field_.states_[l];
      const float* const q = values_.data() + l * kRun;
      for (std::size_t k = 0; k < state.fractions.size(); ++k)
        if (state.fractions[k] > 0)
          AddScaled(q, state.fractions[k], count_, expected_.data() + k * kRun);
      AddScaled(q, state.SquaredNorm(), count_, squares.data());
    }
    double sum = 0;
    for (std::int64_t j = 0; j < count_; ++j) {
      const float inverse = 1 / total_[j];
      for (std::size_t k = 0; k < field_.fractions_.size(); ++k) expected_[k * kRun + j] *= inverse;
      sum += double{norms_[j]} * squares[j] * inverse;
    }
    return sum;
  }

  static constexpr std::size_t kMostTissues = 16;

 private:
  double Normalize(double strength) {
    std::array<float, kRun> largest;
    largest.fill(-std::numeric_limits<float>::max());
    std::array<float, kRun> product;
    for (std::size_t l = 0; l < field_.states_.size(); ++l) {
      const FractionState& state = field_.states_[l];
      float* const values = values_.data() + l * kRun;
      if (strength > 0) {
        product.fill(0);
        for (std::size_t k = 0; k < state.fractions.size(); ++k)
          if (state.fractions[k] > 0)
            AddScaled(products_.data() + k * kRun, state.fractions[k], count_, product.data());
        AddCoupling(norms_.data(), product.data(), static_cast<float>(strength),
                    state.SquaredNorm(), count_, values);
      }
      TakeLargest(values, count_, largest.data());
    }
    total_.fill(0);
    for (std::size_t l = 0; l < field_.states_.size(); ++l)
      SetExponentials(largest.data(), count_, values_.data() + l * kRun, total_.data());
    double sum = 0;
    for (std::int64_t j = 0; j < count_; ++j)
      sum += double{largest[j]} + std::log(double{total_[j]});
    return sum;
  }

  const FractionField& field_;
  std::int64_t count_ = 0;
  std::array<std::int64_t, kRun> voxels_{};
  std::array<float, kRun> norms_{};  // Σ_j w_ij
  std::vector<float> products_;      // Σ_j w_ij E f_j
  std::vector<float> values_;        // of the states
  std::vector<float> expected_;      // E f_i
  std::array<float, kRun> total_{};
};

FractionField::FractionField(const Grid& grid, std::span<const std::uint8_t> inside,
                             std::vector<FractionState> states, StateLogDensities log_densities)
    : grid_(grid),
      inside_(inside),
      states_(std::move(states)),
      log_densities_(std::move(log_densities)),
      num_voxels_(std::ranges::count_if(inside, [](std::uint8_t in) { return in != 0; })),
      fractions_(states_.front().fractions.size()) {
  if (fractions_.size() > Runs::kMostTissues)
    throw ParameterError(Format("%zu tissues; at most %zu", fractions_.size(), Runs::kMostTissues));
  for (std::vector<float>& plane : fractions_) plane.assign(grid.size(), 0);
}

template <typename Visitor>
void FractionField::VisitRow(std::int64_t row, int colour, const FractionRules& rules, Runs& runs,
                             const Visitor& visit) const {
  const std::int64_t y = row % grid_.height, z = row / grid_.height;
  std::int64_t first = (colour + y + z) % 2;
  if (NumColours(rules) == 8) {
    if (y % 2 != colour / 2 % 2 || z % 2 != colour / 4) return;
    first = colour % 2;
  }
  const auto flush = [&] {
    if (runs.count() > 0) visit(runs);
    runs.Clear();
  };
  for (std::int64_t x = first; x < grid_.width; x += 2) {
    if (!inside_[row * grid_.width + x]) continue;
    runs.Add(x, y, z, rules);
    if (runs.IsFull()) flush();
  }
  flush();
}

FractionField::Energy FractionField::Move(const FractionRules& rules) {
  Energy energy;
  std::vector<Energy> of_rows(grid_.num_rows());
  for (int colour = 0; colour < NumColours(rules); ++colour) {
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, grid_.num_rows()), [&](const auto& rows) {
      Runs runs(*this);
      for (std::int64_t row = rows.begin(); row < rows.end(); ++row) {
        Energy& sum = of_rows[row] = {};
        VisitRow(row, colour, rules, runs, [&](Runs& run) {
          sum.apart -= run.Weigh(rules.strength);
          const double norms = run.Expect();
          sum.norms += norms;
          sum.apart -= rules.strength * norms;
          for (std::size_t k = 0; k < fractions_.size(); ++k)
            for (std::int64_t j = 0; j < run.count(); ++j) {
              sum.apart += 2 * rules.strength * double{run.Expected(k, j)} * run.Product(k, j);
              fractions_[k][run.Voxel(j)] = run.Expected(k, j);
            }
        });
      }
    });
    for (const Energy& of_row : of_rows) {  // in order, whatever thread had them
      energy.apart += of_row.apart;
      energy.norms += of_row.norms;
    }
  }
  return energy;
}

double FractionField::Products(const FractionRules& rules) const {
  std::vector<double> of_rows(grid_.num_rows());
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, grid_.num_rows()), [&](const auto& rows) {
    Runs runs(*this);
    for (std::int64_t row = rows.begin(); row < rows.end(); ++row)
      for (int colour = 0; colour < NumColours(rules); ++colour)
        VisitRow(row, colour, rules, runs, [&](const Runs& run) {
          for (std::size_t k = 0; k < fractions_.size(); ++k)
            for (std::int64_t j = 0; j < run.count(); ++j)
              of_rows[row] += double{fractions_[k][run.Voxel(j)]} * run.Product(k, j);
        });
  });
  double sum = 0;
  for (const double of_row : of_rows) sum += of_row;
  return sum;
}

void FractionField::Start() {
  FractionRules alone;
  alone.strength = 0;
  Move(alone);
}

std::vector<double> FractionField::Sweep(const FractionRules& rules) {
  if (!(rules.strength >= 0 && std::isfinite(rules.strength)) || rules.max_sweeps < 0)
    throw ParameterError(
        Format("strength = %g, %d sweeps; both must be >= 0", rules.strength, rules.max_sweeps));
  std::vector<double> energies;
  const double voxels = static_cast<double>(std::max<std::int64_t>(1, num_voxels_));
  for (int sweep = 0; sweep < rules.max_sweeps; ++sweep) {
    const Energy energy = Move(rules);
    energies.push_back((energy.apart + rules.strength * (energy.norms - Products(rules))) / voxels);
    if (rules.tolerance > 0 && sweep > 0 && energies[sweep - 1] - energies[sweep] < rules.tolerance)
      break;
  }
  return energies;
}

double FractionField::EstimateStrength(const FractionRules& rules) const {
  // Every so many-th row, for as many voxels as tell enough.
  constexpr double kEnough = 30000;
  auto step = std::max<std::int64_t>(1, std::llround(static_cast<double>(num_voxels_) / kEnough));
  while (std::gcd(step, grid_.height) > 1) ++step;  // else it would see some rows of slices alone
  // d/ds of Σ_i [−s Σ_l q_i(l) c_il − ln Σ_l w_l exp(−s c_il)], c_il = Σ_j w_ij (|f_l|² − 2 f_l · E
  // f_j) and q_i what is held now: what the field alone expects of c less what is there.
  const auto slope = [&](double strength) {
    double sum = 0;
    Runs runs(*this);
    for (std::int64_t row = 0; row < grid_.num_rows(); row += step)
      for (int colour = 0; colour < NumColours(rules); ++colour)
        VisitRow(row, colour, rules, runs, [&](Runs& run) {
          const auto cost = [&](double norms) {
            double products = 0;
            for (std::size_t k = 0; k < fractions_.size(); ++k)
              for (std::int64_t j = 0; j < run.count(); ++j)
                products += double{run.Expected(k, j)} * run.Product(k, j);
            return norms - 2 * products;
          };
          run.WeighUnmeasured(strength);
          sum += cost(run.Expect());
          run.Weigh(rules.strength);
          sum -= cost(run.Expect());
        });
    return sum;
  };
  double low = 0, high = kMostStrength;
  if (slope(low) <= 0) return low;
  constexpr int kHalvings = 12;  // to 1e-3
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (slope(middle) > 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace gmmseg
