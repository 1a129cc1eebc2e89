#include <gmmseg/errors.h>
#include <gmmseg/image_stats.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "mixture/em_step.h"
#include "segment/fitted_classes.h"

namespace gmmseg {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

void Check(const Model& model, const ImageStats& stats, const UpdateOptions& options) {
  if (!(options.tolerance >= 0) || std::isinf(options.tolerance))
    throw ParameterError(Format("tolerance = %g; must be finite and >= 0", options.tolerance));
  CheckTakenAt(model, stats);
  if (!(stats.num_pixels() > 0))
    throw ParameterError("no pixel has data; there is nothing to learn from");
}

// The images' mean floor, in the user's units.
Eigen::MatrixXd MeanFloor(const ImageStats& stats, const Eigen::VectorXd& scale) {
  Eigen::MatrixXd floor(scale.size(), scale.size());
  auto sum = stats.floor.begin();
  for (Eigen::Index row = 0; row < floor.rows(); ++row)
    for (Eigen::Index column = 0; column <= row; ++column, ++sum)
      floor(row, column) = floor(column, row) =
          sum->ToDouble() / stats.num_pixels() * scale[row] * scale[column];
  return floor;
}

FitResult FitOfStep(const Model& model, const EmStep& step, const ImageStats& stats,
                    double tolerance) {
  FitResult fit;
  fit.method = model.fit.method;
  fit.prior = model.fit.prior;
  fit.model = FromStandardized(step.model, model.standardization);
  fit.stop_reason =
      std::abs(step.gain) < tolerance ? StopReason::kConverged : StopReason::kMaxIterations;
  fit.iterations = 1;
  fit.initial_log_likelihood = LogLikelihood(stats, model);
  fit.log_likelihood = kUnknown;
  fit.num_samples = stats.num_pixels();
  fit.requested_components = model.mixture().num_components();
  fit.at_floor = step.at_floor;
  return fit;
}

ClassTable WithUnknownShares(ClassTable classes) {
  for (ClassEntry& entry : classes) entry.share = kUnknown;
  return classes;
}

std::vector<TrainingInput> InputsOf(const ImageStats& stats) {
  std::vector<TrainingInput> inputs;
  for (const auto& [hash, name] : stats.inputs) inputs.push_back({name, hash});
  std::ranges::stable_sort(inputs, {}, &TrainingInput::name);
  return inputs;
}

}  // namespace

ModelUpdate UpdateModel(const Model& model, const ImageStats& stats, const UpdateOptions& options) {
  Check(model, stats, options);
  const Standardization& standardization = model.standardization;
  const Eigen::MatrixXd floor =
      options.floor == Floor::kOn ? MeanFloor(stats, standardization.scale) : Eigen::MatrixXd();
  const GaussianMixture before = ToStandardized(model.mixture(), standardization);
  const EmStep step =
      StepFrom(before, stats.sums, RulesLike(before, model.fit, standardization, floor));
  ModelUpdate update;
  update.model.features = model.features;
  update.model.standardization = standardization;
  update.model.fit = FitOfStep(model, step, stats, options.tolerance);
  update.model.merge.class_of = model.merge.class_of;
  update.model.classes =
      WithMoments(WithUnknownShares(model.classes), update.model.mixture(), update.model.merge);
  update.model.order = ClassOrder::kReference;
  update.model.seed = model.seed;
  update.model.inputs = InputsOf(stats);
  update.log_likelihood = update.model.fit.initial_log_likelihood;
  update.gain = std::max(step.gain, 0.0);  // below it is rounding
  for (const int k : step.lost) update.lost.push_back(k + 1);
  return update;
}

}  // namespace gmmseg
