// Segmenting a brain: three tissues, voxels that hold two of them, an uneven field, neighbours.
#pragma once

#include <gmmseg/segment.h>

#include <cstdint>
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

struct TissueOptions {
  TissuePreset preset = TissuePreset::kT1;
  TissueVariances variances = TissueVariances::kTied;
  Foreground foreground = Foreground::kGiven;
  int num_mixes = 7;  // of CSF with GM, and of GM with WM, at even shares, 0…50

  // Of a smooth field that multiplies what the tissues give; its mean is 1. Never with kCt.
  bool bias = true;
  double bias_resolution = 50;  // mm between the field's knots, >= 10; 3000 splines at most

  // Of neighbours, see FractionField; empty: by the pseudo-likelihood; 0: none.
  std::optional<double> strength;
  bool diagonal_neighbours = false;  // 26 in place of 6
  int max_sweeps = 8;                // >= 0

  int max_iterations = 200;  // of EM, >= 1
  double tolerance = 5e-6;   // of the log-likelihood per voxel, >= 0
  std::uint64_t seed = 0;    // of the starts
};

// What was done and found.
struct TissueFacts {
  int iterations = 0;
  bool converged = false;
  // Per voxel, with the field's prior, after each iteration.
  std::vector<double> log_likelihoods;
  double deviation = 0;                  // of the noise: the root of the tissues' mean variance
  double bias_least = 1, bias_most = 1;  // within the foreground
  double strength = 0;                   // as given, or as estimated
  std::vector<double> energies;          // after each sweep, per voxel
  std::optional<double> threshold;  // of Foreground::kAuto: what lies above it is no background
  std::int64_t num_foreground = 0, num_left_out = 0;  // left out: above it, but in other pieces
};

struct TissueSegmentation {
  // Of the restored volume. Classes 1, 2, 3 are CSF, GM, WM; posteriors are the fractions that
  // voxels are expected to hold, and a label is that of the largest. The model is a mixture of
  // three Gaussians at the pure tissues, with the weights of what all voxels hold.
  Segmentation segmentation;
  Raster restored;  // float, one band: the volume divided by the field
  std::vector<float>
      bias;  // per voxel, 1 in the mean of the foreground; empty where none was found
  TissueFacts facts;
};

// Fits tissues, their mixes and the field to the voxels' intensities, and then, with these settled,
// lets neighbours have their say (letting them feed back into the means drifts). Throws
// ParameterError for options out of range, for more than one band, where there are no three
// different values, and where the foreground is empty. Cost: for 1.5 million voxels some 3 s on two
// cores, 60 bytes per voxel of the volume.
TissueSegmentation SegmentTissues(const Raster& raster, const TissueOptions& options);

}  // namespace gmmseg
