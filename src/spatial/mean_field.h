// Potts model on a grid whose coupling follows a guide, by mean field.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "spatial/grid.h"

namespace gmmseg {

// How alike a guide's neighbouring pixels are: per axis of the grid a plane whose pixel i stands
// for the pair of i and the next one along it, w = exp(-|g_i - g_j|² / 2s²), s² the mean of
// |g_i - g_j|² over all pairs that have data; 1 where the guide is flat, 0 where one of the two has
// no data or there is no next one. An axis of one pixel has no plane. Reference: Boykov and Jolly
// 2001; s² as in Rother, Kolmogorov and Blake 2004, eq. 5.
using PairWeights = std::vector<std::vector<float>>;

// `guide` are planes of the grid's size, `weight` is 0 where there is no data.
PairWeights ContrastWeights(const Grid& grid, std::span<const GuidePlane> guide,
                            const float* weight);

// The strength of the coupling under which the labels look likeliest: the maximum over 0…kMostBeta
// of Σ_i log P(x_i | its neighbours), which is concave in beta. `labels` are 1…M, 0 without data;
// of large grids every so many-th pixel counts. 0 where there are no pairs. Reference: Besag 1975,
// "Statistical analysis of non-lattice data", the pseudo-likelihood.
inline constexpr double kMostBeta = 10;
double EstimateBeta(const Grid& grid, const PairWeights& weights,
                    std::span<const std::uint16_t> labels, int num_classes);

struct MeanFieldRules {
  double beta = 1;          // >= 0; that of pairs is beta · w
  int max_sweeps = 10;      // >= 0
  double tolerance = 1e-3;  // stops when a sweep lowers the energy per pixel by less
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
// sweep. Deterministic: the same bits for any number of threads. Cost per sweep: an exponential and
// 4 (in volumes 6) multiply-adds per pixel and class; memory: as much again as the planes, and the
// pairs' weights. Reference: Zhang 1992, "The mean field theory in EM procedures for Markov random
// fields"; the energy as in Wainwright and Jordan 2008, section 5.
std::vector<double> MeanField(const Grid& grid, const PairWeights& weights, const float* weight,
                              const MeanFieldRules& rules, const ClassPlanes& planes);

}  // namespace gmmseg
