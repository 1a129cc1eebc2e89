// Segmenting one raster: features, fit, posteriors, labels.
#pragma once

#include <gmmseg/component_match.h>
#include <gmmseg/model.h>
#include <gmmseg/posterior.h>
#include <gmmseg/raster.h>
#include <gmmseg/smoothing.h>
#include <gmmseg/tissue_options.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace gmmseg {

enum class Floor { kOn, kOff };

// What becomes of a raster's scribbles.
enum class Scribbles {
  kIgnore,
  kStart,  // each scribbled class is a known component of the fit (FitOptions::known): the mean and
           // the covariance of its strokes' pixels. It keeps its number; the classes without
           // strokes take the numbers that are left.
};

struct SegmentOptions {
  FeatureSpec features;
  FitOptions fit;  // blocks, floor, coarse_to_fine and prior_share are set from the features
  // Not together with `choose`, fit.start or fit.known.
  Scribbles scribbles = Scribbles::kIgnore;
  // Fits every K of the range in place of fit.num_components, and takes the one whose BIC of the
  // effective number of samples is lowest; fewer K where the data have fewer distinct points. Not
  // together with fit.start, and not where position is tempered.
  std::optional<ComponentRange> choose;
  // Components are merged to so many classes (MergeComponents); 0: each is a class. Not for
  // k-means, nor where components are known (scribbles, fit.known), whose classes have their
  // numbers.
  int num_classes = 0;
  Floor floor = Floor::kOn;  // hold covariances above what quantisation alone would give
  // How far the covariance of a component that holds 1/K of the image, K the most components that
  // may come back, is drawn towards the one that all share at the start: 0 (not at all) to 1,
  // which is excluded; those that hold less are drawn further (FitOptions::prior_share). Empty: as
  // if each had seen it in as many independent pixels as four times the features; at most 0.9. Not
  // for k-means.
  std::optional<double> shrinkage = 0.0;
  // Tissues of a brain in place of a free mixture (see SegmentTissues): three components, by the
  // seed, tolerance and max_iterations of `fit`, its covariance_type kTied or kFull (one variance
  // or three). `smooth` then says what neighbours do: kOff nothing, kAuto by the pseudo-likelihood,
  // kPotts with beta that strength.
  std::optional<TissueOptions> tissues;
  ClassNames class_names;  // of what is fitted; those of classes that do not come back are unused
  SmoothOptions smooth;    // of the labels and posteriors; the fit knows nothing of it

  // The most that may come back: those of the start, if there is one, or of the range.
  int num_components() const {
    if (fit.start) return fit.start->num_components();
    return choose ? choose->most : fit.num_components;
  }
  int most_classes() const { return num_classes > 0 ? num_classes : num_components(); }
};

// Whether a fit by these options asks how many independent pixels the image is worth.
bool NeedsEffectiveSamples(const SegmentOptions& options);

// Throws ParameterError where K is to be chosen and cannot be (an empty range, a start or scribbles
// with their K, a tempered position or k-means, of which no criterion is defined), for k-means of
// missing bands, of scribbles or of shrinkage, for shrinkage out of range, and where components
// cannot be merged to classes: see num_classes.
void CheckChoice(const SegmentOptions& options);

struct SegmentSeconds {
  double features = 0, fit = 0, labels = 0;
};

// The result holds the features, so that posteriors can be had in as many classes at a time as
// memory allows. What is said of samples is said of pixel i at planes.SampleOf(i).
struct Segmentation {
  std::int64_t width = 0, height = 0, depth = 1;
  Model model;
  std::int64_t num_valid = 0;  // pixels with data
  // Row-major; 0 = no data, 1…M = most probable of the M classes, the first of equals, but where
  // SmoothOptions::min_size gave a piece another one.
  std::vector<std::uint16_t> labels;
  // Of samples, by the mixture alone: −Σ p ln p / ln M, of the classes, 0…1; 0 where no data or M =
  // 1.
  std::vector<float> sample_uncertainty;
  // Where classes were smoothed; it looks at `planes`. Else null, and the samples' posteriors are
  // those of their pixels.
  std::unique_ptr<const SmoothPosteriors> smooth_posteriors;
  Smoothing smoothing;
  // Where tissues were asked for: posteriors are then fractions, and planes are of the raster
  // without the field.
  std::optional<FoundTissues> tissues;
  // Of samples: natural logarithm, the user's units; 0 where no data.
  std::vector<float> sample_log_density;
  ClassTable classes;         // shares of this image, by its labels
  double log_likelihood = 0;  // mean of the log-density over the valid pixels, by weight
  SegmentSeconds seconds;
  FeaturePlanes planes;

  std::int64_t num_pixels() const { return width * height * depth; }
  bool IsSmooth() const { return smooth_posteriors != nullptr; }

  // What posteriors are of: samples, or, where they were smoothed, pixels.
  std::int64_t num_places() const { return IsSmooth() ? num_pixels() : planes.samples.size(); }
  std::int64_t PlaceOf(std::int64_t pixel) const {
    return IsSmooth() ? pixel : planes.SampleOf(pixel);
  }
  bool PlaceHasData(std::int64_t place) const {
    return planes.samples.weights()[IsSmooth() ? planes.SampleOf(place) : place] > 0;
  }
  // visit(tile) of places, as VisitPosteriors has it of samples and components; of the classes.
  // Smoothed, tiles have no log-densities.
  void VisitPlaces(const PosteriorVisitor& visit) const;

  // Of places: normalised entropy of the posteriors, 0…1, as sample_uncertainty; 0 where no data.
  std::vector<float> Uncertainty() const;
  float LogDensity(std::int64_t pixel) const { return sample_log_density[planes.SampleOf(pixel)]; }

  // Of every pixel: colour feature d, as it is or, where it is missing, as the pixel's other
  // features let expect it; the user's units, row-major, NaN where no data. Reference: the
  // conditional expectation of Ghahramani and Jordan (1994), for the model's fixed parameters.
  std::vector<float> Imputed(int d) const;

  // P(class | pixel) of classes first…first+count-1 (from 1), one plane each, row-major, smoothed
  // where they are; 0 where no data.
  std::vector<std::vector<float>> Posteriors(int first, int count) const;
};

// Fits a mixture to the raster's valid pixels and labels them. An image without a valid pixel is
// not an error: num_valid is 0, all labels are 0 and the model has no component. Throws
// ParameterError as ComputeFeatures, FitMixture and CheckChoice do, where a start model that is not
// iterated lies too far from the data, where a class is named beyond those that are asked for,
// where tissues are asked for with something that they do not have (as SegmentTissues does, too),
// and where scribbles are to start the fit and there is no stroke, one of a class beyond those that
// are asked for, or a class whose strokes lie on pixels without data alone.
Segmentation Segment(const Raster& raster, const SegmentOptions& options);

// Fits a mixture to samples that need not come from one raster: a model for many images. Its shares
// and quantiles are those of the samples. `refine`, if given, may go on from the fit, in samples
// that `planes` does not hold; where K is chosen, from the chosen one. `num_effective` is what the
// choice and the shrinkage count planes.num_valid for, 1 or more; 0: all of them. Throws
// ParameterError as FitMixture and CheckChoice do, where a class is named beyond those that are
// asked for, for the scribbles that Segment refuses, and where the samples, which have no
// neighbours, are to be smoothed.
using RefineFunction = std::function<FitResult(FitResult fit, const FeaturePlanes& planes)>;
Model FitModel(FeaturePlanes planes, const SegmentOptions& options,
               const RefineFunction& refine = {}, double num_effective = 0);

struct MatchedSegmentation {
  // Its model has the reference's components and classes, in their order. What the image lacks are
  // components of weight 0, with the reference's mean and covariance and no pixel.
  Segmentation segmentation;
  // Per component of the reference: `reference` is its place, from 0, or -1 where the image lacks
  // it.
  std::vector<ComponentMatch> matches;
  // The mean of the matches' coefficients by the weights of the image's classes: 1 where the
  // image's mixture is the reference's. Photographs that are a fifth brighter or darker have 0.6 in
  // the mean, others than the reference's 0.1. 0 where no pixel has data.
  double confidence = 0;
};

// Fits the raster by itself, as Segment does, and gives each of its classes number, name and colour
// of the most similar one of the reference (see MatchComponents). options.class_names rename the
// reference's classes.
// Throws ParameterError as Segment and Apply do, where K is to be chosen or components to be merged
// (they are as the reference's are), where more components are asked for than the reference has,
// where a class is named that it has not, and where options.features is neither the reference's nor
// left at its default, which here stands for the reference's.
MatchedSegmentation SegmentMatched(const Raster& raster, const SegmentOptions& options,
                                   const Model& reference);

// Labels the raster by a model fitted before: same classes, same numbers, same colours.
// Throws ParameterError if the raster cannot give the model's features, or if its values lie so far
// from what the model was fitted on that log-densities cannot be told in numbers, and as Validate
// does of `smooth`.
Segmentation Apply(const Raster& raster, const Model& model, const SmoothOptions& smooth = {});

}  // namespace gmmseg
