// What brain mode is asked for, and what it found beside labels: see tissues.h.
#pragma once

#include <gmmseg/fit.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace gmmseg {

// What the image is of, which tells in which order the tissues' means come.
enum class TissuePreset {
  kT1,     // CSF < GM < WM
  kT2,     // WM < GM < CSF
  kFlair,  // CSF < WM < GM
  kCt,     // CSF < WM < GM, and no field
};
// "t1", "t2", "flair", "ct". ParseTissuePreset throws ParameterError for any other word.
std::string_view ToString(TissuePreset preset);
TissuePreset ParseTissuePreset(std::string_view word);

enum class TissueVariances {
  kTied,  // one for all tissues
  kFree,  // one per tissue
};

// Which voxels count where no mask says so.
enum class Foreground {
  kGiven,  // all that have data
  kAuto,   // the largest connected piece of those above the background; no brain extraction
};

// How probable CSF, GM and WM are in each voxel of the raster, before it is looked at: a plane
// each, of numbers >= 0 of any scale. Where all are 0 nothing is known.
using TissueMaps = std::array<std::vector<float>, 3>;

struct TissueOptions {
  TissuePreset preset = TissuePreset::kT1;
  TissueVariances variances = TissueVariances::kTied;
  Foreground foreground = Foreground::kGiven;
  int num_mixes = 2;  // of CSF with GM, and of GM with WM, at even shares, 0…50

  // They start the tissues' means, in place of the order of the preset, and once all is settled
  // each state of a voxel weighs as much more as its tissues are probable there: by the product of
  // the maps to the power of the state's shares, of which none is below 1 %. Null: no maps.
  std::shared_ptr<const TissueMaps> maps;

  // Of a smooth field that multiplies what the tissues give; its mean is 1. Never with kCt.
  bool bias = true;
  double bias_resolution = 50;  // mm between the field's knots, >= 10; 3000 splines at most

  bool HasField() const { return bias && preset != TissuePreset::kCt; }

  // Of neighbours, see FractionField; empty: by the pseudo-likelihood, and no more than
  // kMostStrength, for stronger ones round off what is thin, such as sulci; 0: none.
  static constexpr double kMostStrength = 0.5;
  std::optional<double> strength;
  bool diagonal_neighbours = false;  // 26 in place of 6
  int max_sweeps = 10;               // >= 0
  double sweep_tolerance = 1e-3;     // of the energy per voxel, >= 0

  int max_iterations = 200;             // of EM, >= 1
  double tolerance = 1e-5;              // of the log-likelihood per voxel, >= 0
  InitMethod init = InitMethod::kAuto;  // as FitOptions has them, of the tissues' start
  int restarts = 10;
  std::uint64_t seed = 0;  // of the starts
};

// What a voxel may hold: tissue `first` and, of this share, tissue `second`, from 0; in the image
// without the field.
struct FoundState {
  int first = 0, second = 0;
  double share = 0;  // 0 where it is one tissue, below 1
  double weight = 0, mean = 0, variance = 0;
};

// What was done and found.
struct TissueFacts {
  TissuePreset preset = TissuePreset::kT1;
  int num_mixes = 0;  // as they were asked for
  std::vector<FoundState> states;
  int iterations = 0;
  bool converged = false;
  // Per voxel, in the field that was found, after each iteration.
  std::vector<double> log_likelihoods;
  double deviation = 0;                  // of the noise: the root of the tissues' mean variance
  double bias_least = 1, bias_most = 1;  // within the foreground
  double strength = 0;                   // as given, or as estimated
  std::vector<double> energies;          // after each sweep, per voxel
  std::optional<double> threshold;  // of Foreground::kAuto: what lies above it is no background
  std::int64_t num_foreground = 0, num_left_out = 0;  // left out: above it, but in other pieces
};

// With the field itself, as a part of a segmentation.
struct FoundTissues {
  TissueFacts facts;
  std::vector<float>
      bias;  // per voxel, 1 in the mean of the foreground; empty where none was found

  // A voxel's intensity without the field.
  float Restored(float intensity, std::int64_t voxel) const {
    return bias.empty() ? intensity : intensity / bias[voxel];
  }
};

}  // namespace gmmseg
