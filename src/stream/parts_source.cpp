#include "stream/parts_source.h"

#include <algorithm>
#include <utility>

#include "base/ordered_pipeline.h"
#include "base/share.h"
#include "mixture/missing.h"
#include "mixture/refine.h"
#include "segment/scribbled_start.h"

namespace gmmseg {
namespace {

// Beyond this gain per pixel, another reading of all parts pays.
constexpr double kGain = 1e-4;

class PartsSource : public StatsSource {
 public:
  PartsSource(const Parts& parts, FitMethod method)
      : parts_(parts),
        method_(method),
        share_(ShareOf(parts.count, parts.ranks)),
        left_out_(share_.size()) {}

  MixtureStats Accumulate(const GaussianMixture& model) override {
    ++num_looks_;
    MixtureStats total(model);
    ForEachInOrder(
        share_.size(), parts_.window,
        [&](std::int64_t i) {
          return left_out_[i] ? std::nullopt : StatsOf(share_.first + i, model);
        },
        [&](std::int64_t i, const std::optional<MixtureStats>& stats) {
          if (stats)
            total += *stats;
          else
            left_out_[i] = true;
          parts_.done(share_.first + i);
          return Next::kGoOn;
        });
    if (parts_.ranks != nullptr) SumOver(*parts_.ranks, total);
    return total;
  }

  WorstSample FindWorst(const GaussianMixture&) override { return {}; }

  int num_looks() const { return num_looks_; }

 private:
  std::optional<MixtureStats> StatsOf(std::int64_t part, const GaussianMixture& model) const {
    const std::optional<Samples> samples = parts_.samples(part);
    if (!samples) return std::nullopt;
    return MakeSource(*samples, method_)->Accumulate(model);
  }

  const Parts& parts_;
  FitMethod method_;
  Share share_;
  std::vector<char> left_out_;  // of the share
  int num_looks_ = 0;
};

}  // namespace

RefinedFit RefineOnParts(FitResult fit, const Parts& parts, const FeaturePlanes& sample,
                         const SegmentOptions& options, int passes, int trace_length) {
  PartsSource source(parts, fit.method);
  FitOptions all;
  all.floor = options.floor == Floor::kOn ? sample.floor : Eigen::MatrixXd();
  all.tolerance = kGain;
  all.known = KnownComponents(sample, options);
  all.freeze = options.fit.freeze;
  all.trace_length = trace_length;
  all.max_iterations = std::min(passes, options.fit.max_iterations);
  FitResult refined =
      RefineFit(std::move(fit), source, sample.samples.standardization(),
                sample.samples.weight_unit(), static_cast<double>(sample.num_valid), all);
  return {std::move(refined), source.num_looks()};
}

}  // namespace gmmseg
