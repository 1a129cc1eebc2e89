#include <gmmseg/errors.h>
#include <gmmseg/image_stats.h>

#include <algorithm>
#include <utility>

#include "features/plain_samples.h"
#include "features/samples_like.h"
#include "mixture/missing.h"
#include "segment/applicable.h"

namespace gmmseg {
namespace {

constexpr char kTooFar[] =
    "the values lie too far from what the model was fitted on for their sums to be held; use "
    "images "
    "of the same kind, with values in the same range";

std::vector<ExactSum> FloorSums(const Raster& raster, const Samples& samples, const Model& model,
                                double num_pixels) {
  const Eigen::VectorXd inverse = model.standardization.scale.cwiseInverse();
  const Eigen::MatrixXd floor =
      inverse.asDiagonal() * FloorOf(raster, model.features, samples) * inverse.asDiagonal();
  std::vector<ExactSum> sums;
  for (Eigen::Index row = 0; row < floor.rows(); ++row)
    for (Eigen::Index column = 0; column <= row; ++column)
      sums.emplace_back(num_pixels * floor(row, column));
  return sums;
}

void CheckSameOrigin(const ImageStats& a, const ImageStats& b) {
  if (a.model != b.model)
    throw ParameterError("the statistics were taken at the model " + b.model + ", others at " +
                         a.model + "; take all of them at one model");
  if (a.program != b.program)
    throw ParameterError("the statistics were taken by version " + b.program +
                         " of the program, others by " + a.program +
                         "; take all of them by one version");
}

void CheckDisjoint(const ImageStats& a, const ImageStats& b) {
  for (const auto& [hash, name] : b.inputs) {
    const auto same = a.inputs.find(hash);
    if (same == a.inputs.end()) continue;
    throw ParameterError((same->second == name
                              ? name + " is counted"
                              : same->second + " and " + name + " have the same content, counted") +
                         " already; count every image once");
  }
}

bool AnyOverflowed(const ImageStats& stats) {
  bool overflowed = stats.sums.overflowed();
  for (const ExactSum& sum : stats.floor) overflowed |= sum.overflowed();
  return overflowed;
}

}  // namespace

ImageStats& ImageStats::operator+=(const ImageStats& other) {
  if (other.inputs.empty()) return *this;
  if (inputs.empty()) return *this = other;
  CheckSameOrigin(*this, other);
  CheckDisjoint(*this, other);
  ImageStats total{model, program, {}, sums, floor};
  total.sums += other.sums;
  total.floor.resize(std::max(floor.size(), other.floor.size()));
  for (std::size_t i = 0; i < other.floor.size(); ++i) total.floor[i] += other.floor[i];
  if (AnyOverflowed(total)) throw ParameterError(kTooFar);
  sums = std::move(total.sums);
  floor = std::move(total.floor);
  inputs.insert(other.inputs.begin(), other.inputs.end());
  return *this;
}

ImageStats TakeStats(const Raster& raster, const TrainingInput& input, const Model& model) {
  CheckApplicable(raster, model);
  if (!raster.weights().empty())
    throw ParameterError("statistics count every pixel as one; take the weights off the image");
  const Samples samples = SamplesLike(raster, model.features, model.standardization);
  ImageStats stats;
  stats.model = HashOfMixture(model);
  stats.program = GMMSEG_VERSION;
  stats.inputs = {{input.hash.empty() ? input.name : input.hash, input.name}};
  stats.sums =
      MakeSource(samples, model.fit.method)->Accumulate(ToPlaneUnits(model.mixture(), samples));
  if (stats.num_pixels() > 0) stats.floor = FloorSums(raster, samples, model, stats.num_pixels());
  if (AnyOverflowed(stats)) throw ParameterError(kTooFar);
  return stats;
}

void CheckTakenAt(const Model& model, const ImageStats& stats) {
  if (const std::string hash = HashOfMixture(model); stats.model != hash)
    throw ParameterError("the statistics were taken at another model (" + stats.model +
                         "; this one is " + hash + "); take them again at this one");
}

double LogLikelihood(const ImageStats& stats, const Model& model) {
  return stats.sums.log_likelihood() / stats.num_pixels() -
         LogScale(model.mixture(), model.standardization);
}

}  // namespace gmmseg
