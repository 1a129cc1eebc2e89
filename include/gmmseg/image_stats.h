// ImageStats: what one look at images through a model leaves behind. Statistics of different images
// add up, wherever they were taken, and are all that the next step of EM needs.
#pragma once

#include <gmmseg/exact_sum.h>
#include <gmmseg/mixture_stats.h>
#include <gmmseg/model.h>
#include <gmmseg/raster.h>
#include <gmmseg/segment.h>

#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

namespace gmmseg {

// A default-constructed value is the identity. Every sum is exact, so that any grouping and any
// order of the images gives the same bits, on one instruction set.
struct ImageStats {
  std::string model;    // HashOfMixture of the model that they were taken at
  std::string program;  // the version that took them
  // Name by hash of content; an image without a file has its name for a hash.
  std::map<std::string, std::string> inputs;
  MixtureStats sums;            // over the pixels with data, in the model's plane units
  std::vector<ExactSum> floor;  // Σ pixels · FeaturePlanes::floor, plane units, lower triangle by
                                // rows; empty where no pixel has data

  double num_pixels() const { return sums.num_samples(); }  // with data

  // Throws ParameterError where the two were taken at different models or by different versions of
  // the program, where an image is in both, and where the sums overflow. Then nothing is added.
  ImageStats& operator+=(const ImageStats& other);
};

// Of one image. Throws ParameterError where the raster cannot give the model's features, has
// weights, and where
// its values lie so far from what the model was fitted to that their sums overflow.
// Cost: the features and one pass over N·K.
ImageStats TakeStats(const Raster& raster, const TrainingInput& input, const Model& model);

// Throws ParameterError where they were taken at another model.
void CheckTakenAt(const Model& model, const ImageStats& stats);

// Per pixel with data, natural logarithm, the user's units: of the model that the statistics were
// taken at. There must be a pixel.
double LogLikelihood(const ImageStats& stats, const Model& model);

struct UpdateOptions {
  Floor floor = Floor::kOn;  // the mean of the images' floors by their pixels
  double tolerance = 1e-5;   // the model has converged where a step gains less
};

struct ModelUpdate {
  Model model;
  double log_likelihood = 0;  // per pixel, of the model before
  // What the log-likelihood per pixel rises by at least; near a maximum at most twice as much.
  double gain = 0;
  std::vector<int> lost;  // classes from 1 that hold no pixel any more; they keep the weight 0
};

// One step of EM from `model`. The classes keep their order, names and colours. The updated model's
// fit is that step: its initial log-likelihood is the one of `model`, and its inputs are the
// statistics'. What only another look at the images could tell is absent: log-likelihood, history,
// criteria, shares (NaN) and quantiles.
// Throws ParameterError where the statistics were taken at another model or hold no pixel, and for
// a tolerance that is not finite or negative.
ModelUpdate UpdateModel(const Model& model, const ImageStats& stats,
                        const UpdateOptions& options = {});

}  // namespace gmmseg
