// Potts model on a grid whose coupling follows a guide, by mean field.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "spatial/grid.h"

namespace gmmseg {

// |g_i - g_j|² of a guide's neighbouring pixels: per axis of the grid a plane whose pixel i stands
// for the pair of i and the next one along it; -1 where one of the two has no data or there is no
// next one. An axis of one pixel has no plane.
struct SquaredSteps {
  std::vector<std::vector<float>> of_pairs;
  double sum = 0, num_pairs = 0;  // over the pairs that have data

  double Mean() const { return num_pairs > 0 ? sum / num_pairs : 0; }
};

// `guide` are planes of the grid's size, `weight` is 0 where there is no data.
SquaredSteps MeasureSteps(const Grid& grid, std::span<const GuidePlane> guide, const float* weight);

// How alike the pixels of pairs are, plane by plane as in SquaredSteps: w = exp(-|g_i - g_j|² /
// 2s²), s² = `contrast`, or 1 where that is 0; 0 where there is no pair. Reference: Boykov and
// Jolly 2001; s² the mean over all pairs as in Rother, Kolmogorov and Blake 2004, eq. 5.
using PairWeights = std::vector<std::vector<float>>;
PairWeights ContrastWeights(SquaredSteps steps, double contrast);

// A pixel's label, and those of its neighbours with the squared steps to them.
struct LabelledPairs {
  std::uint16_t label = 0;  // 1…M, as the neighbours'; those of label 0 are left out
  int num_neighbours = 0;
  std::array<std::uint16_t, 6> labels{};
  std::array<float, 6> squares{};
};
LabelledPairs PairsOf(const Grid& grid, const SquaredSteps& steps,
                      std::span<const std::uint16_t> labels, std::int64_t pixel);

// Of pixels whose label is not 0: of every so many-th one of large grids.
std::vector<LabelledPairs> SamplePairs(const Grid& grid, const SquaredSteps& steps,
                                       std::span<const std::uint16_t> labels);

// The strength of the coupling under which the labels look likeliest: the maximum over 0…kMostBeta
// of Σ_i log P(x_i | its neighbours), which is concave in beta; pairs weigh as in ContrastWeights.
// 0 where there are no pairs. Reference: Besag 1975, "Statistical analysis of non-lattice data",
// the pseudo-likelihood.
inline constexpr double kMostBeta = 10;
double EstimateBeta(std::span<const LabelledPairs> pixels, double contrast, int num_classes);

struct MeanFieldRules {
  double beta = 1;          // >= 0; that of pairs is beta · w
  int max_sweeps = 10;      // >= 0
  double tolerance = 1e-3;  // stops when a sweep lowers the energy per pixel by less; 0: never
};

// Takes planes of log-likelihoods (or log-posteriors, tempered or not: log p_i(k), finite) to q,
// the classes' probabilities that lower
//
//   E(q) = Σ_i Σ_k q_i(k) [log q_i(k) - log p_i(k)] + beta Σ_(ij) w_ij (1 - Σ_k q_i(k) q_j(k)),
//
// the variational free energy of a Potts model, by sweeps from q ∝ p: first all pixels with x + y +
// z even take the q_i that lowers it most, q_i(k) ∝ p_i(k) exp(beta Σ_j w_ij q_j(k)), then all
// others. No pixel of one half neighbours another of it, so that no sweep raises E. Pixels of
// `weight` 0 take no part and get 0. Returns E per pixel with data, at the start and after every
// sweep. Deterministic: the same bits for any number of threads. After s sweeps a pixel depends on
// those within 2s steps and on nothing else: with tolerance 0 it has the same bits in any part of
// the grid that reaches so far around it and begins at an even x + y + z. Cost per sweep: an
// exponential and 4 (in volumes 6) multiply-adds per pixel and class; memory: as much again as the
// planes, and the pairs' weights. Reference: Zhang 1992, "The mean field theory in EM procedures
// for Markov random fields"; the energy as in Wainwright and Jordan 2008, section 5.
std::vector<double> MeanField(const Grid& grid, const PairWeights& weights, const float* weight,
                              const MeanFieldRules& rules, const ClassPlanes& planes);

}  // namespace gmmseg
