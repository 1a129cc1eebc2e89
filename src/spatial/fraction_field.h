// Voxels that hold fractions of tissues, much the same as their neighbours do: by mean field.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "spatial/grid.h"

namespace gmmseg {

// What a voxel may hold: shares of the tissues that sum to 1.
struct FractionState {
  std::vector<float> fractions;  // K
  float log_weight = 0;          // how common it is: ln of a share of all voxels

  float SquaredNorm() const;
};

// Fills values[l · stride + i] with ln p(voxels[i], state l): the log-likelihood of what was
// measured there and the state's log-weight, finite. Asked for at most
// FractionField::kMostAtATime voxels, from several threads at a time.
using StateLogDensities =
    std::function<void(std::span<const std::int64_t> voxels, float* values, std::int64_t stride)>;

enum class Neighbourhood { k6, k26 };

// The neighbours of a voxel and how much each counts: by one over the squared distance in mm; those
// of a voxel within the volume sum to 6, as if there were six that count 1.
struct NeighbourWeight {
  int dx = 0, dy = 0, dz = 0;
  float weight = 0;
};
std::vector<NeighbourWeight> NeighboursOf(const Grid& grid, const std::array<double, 3>& spacing,
                                          Neighbourhood neighbourhood);

struct FractionRules {
  std::vector<NeighbourWeight> neighbours;
  double strength = 0.5;    // >= 0
  int max_sweeps = 10;      // >= 0
  double tolerance = 1e-3;  // stops when a sweep lowers the energy per voxel by less; 0: never
};

// The fractions that a voxel is expected to hold, voxel by voxel in planes of the grid's size, 0
// where `inside` is 0. Starts from what each voxel says of itself.
//
// Lowers the variational free energy
//
//   E(q) = Σ_i Σ_l q_i(l) [ln q_i(l) − ln p_i(l)] + strength Σ_(ij) w_ij E_q |f_i − f_j|²
//
// of a random field of states whose fractions f want to be alike, by sweeps in which no two
// neighbours move at once: q_i(l) ∝ p_i(l) exp(−strength Σ_j w_ij (|f_l|² − 2 f_l · E f_j)). No
// sweep raises it. Deterministic: the same bits for any number of threads. Cost per sweep: an
// exponential per voxel and state.
// Reference: Zhang 1992, as in spatial/mean_field.h; fractions in place of labels.
class FractionField {
 public:
  static constexpr std::int64_t kMostAtATime = 128;  // so that all states fit the cache

  FractionField(const Grid& grid, std::span<const std::uint8_t> inside,
                std::vector<FractionState> states, StateLogDensities log_densities);

  // Each voxel by itself.
  void Start();
  // From where it stands. Returns E per voxel before and after every sweep. Throws ParameterError
  // for rules out of range.
  std::vector<double> Sweep(const FractionRules& rules);
  // The strength under which the voxels' states look likeliest given their neighbours', as they
  // stand: where the pseudo-likelihood's slope (Besag 1975) is 0, of at most some 30,000 voxels,
  // within 0…kMostStrength.
  static constexpr double kMostStrength = 5;
  double EstimateStrength(const FractionRules& rules) const;

  const std::vector<float>& Fractions(int k) const { return fractions_[k]; }
  std::vector<std::vector<float>> TakeFractions() && { return std::move(fractions_); }

 private:
  // Sums over voxels that have moved.
  struct Energy {
    double apart = 0;  // Σ_i Σ_l q (ln q − ln p)
    double norms = 0;  // Σ_i Σ_j w_ij E |f_i|²
  };
  class Runs;

  // visit(run) of the voxels inside of a row that are of one colour.
  template <typename Visitor>
  void VisitRow(std::int64_t row, int colour, const FractionRules& rules, Runs& runs,
                const Visitor& visit) const;
  Energy Move(const FractionRules& rules);
  // Σ_(ij) w_ij 2 E f_i · E f_j
  double Products(const FractionRules& rules) const;

  Grid grid_;
  std::span<const std::uint8_t> inside_;
  std::vector<FractionState> states_;
  StateLogDensities log_densities_;
  std::int64_t num_voxels_ = 0;                // inside
  std::vector<std::vector<float>> fractions_;  // of each tissue
};

}  // namespace gmmseg
