#include "cli/messages.h"

#include <algorithm>
#include <cmath>

#include "base/control_characters.h"
#include "base/text.h"
#include "features/same_features.h"

namespace gmmseg::cli {
namespace {

// A tempered mixture climbs an objective, which is no likelihood.
const char* ValueName(const JobResult& result) {
  return IsDensity(result.model.mixture()) ? "log-likelihood" : "objective";
}

std::string HowFitted(const JobResult& result, const Options& options) {
  if (options.command == Command::kApply) return " of " + options.model_path;
  const FitResult& fit = result.model.fit;
  const int num_components = fit.model.num_components();
  const std::string merged = std::ssize(result.classes) == num_components
                                 ? ""
                                 : " of " + Count(num_components, "component", "components");
  const std::string asked =
      fit.has_all_components() ? "" : Format(" (%d asked for)", fit.requested_components);
  return merged + asked + " in " + Count(fit.iterations, "iteration", "iterations") + " (" +
         (fit.converged() ? "converged" : "iteration limit") + ")";
}

std::string FloorDetail(const FitResult& fit, Floor floor) {
  if (floor == Floor::kOff) return "floor: off";
  std::string held;
  for (std::size_t k = 0; k < fit.at_floor.size(); ++k)
    if (fit.at_floor[k]) held += (held.empty() ? "" : ", ") + std::to_string(k + 1);
  return "floor: on, " +
         (held.empty() ? "no component rests on it" : "components that rest on it: " + held);
}

// What of the covariance of a component of 1/K of the pixels is the prior's.
std::string ShrinkageDetail(const FitResult& fit) {
  const double of_component = 1.0 / std::max(fit.model.num_components(), 1);
  return Format("shrinkage: %.4f, of the covariance of a component of 1/K of the pixels",
                fit.prior.share / (fit.prior.share + of_component));
}

std::string RestartsDetail(const FitResult& fit) {
  const std::vector<double>& values = fit.restart_log_likelihoods;
  std::string detail = "restarts: " + std::to_string(fit.restarts);
  if (!values.empty())
    detail += Format(", on the subsample %.4f (best) to %.4f (worst) per pixel", values.front(),
                     values.back());
  return detail;
}

std::string AtLevel(const RegionTotals& regions) {
  return std::isfinite(regions.level) ? Format(" at level %.9g", regions.level) : "";
}

std::string AnomalyShares(const JobResult& result) {
  const AnomalyCounts& counts = *result.anomalies;
  const double percent = 100 / static_cast<double>(std::max<std::int64_t>(result.num_valid, 1));
  const std::string outliers =
      Format("%.2f %% outliers", percent * static_cast<double>(counts.num_outliers));
  if (!counts.log_density_threshold) return outliers;
  return Format("%.2f %% unlikely, ", percent * static_cast<double>(counts.num_unlikely)) +
         outliers;
}

std::string AnomaliesDetail(const JobResult& result) {
  const AnomalyCounts& counts = *result.anomalies;
  if (!counts.log_density_threshold)
    return Format("outliers at rate %g: %lld pixels", counts.rate,
                  static_cast<long long>(counts.num_outliers));
  return Format(
      "anomalies at rate %g: %lld pixels unlikely (log-density at most %.4f), %lld "
      "outliers, %lld both",
      counts.rate, static_cast<long long>(counts.num_unlikely), *counts.log_density_threshold,
      static_cast<long long>(counts.num_outliers), static_cast<long long>(counts.num_both));
}

std::string InstabilityDetail(const InstabilityTotals& totals) {
  if (totals.num_restarts == 0) return "instability: 0, for no start had to be looked for";
  return Format(
      "instability: %.4f, the share of pixels to which one of %d restarts gives another class, in "
      "the mean",
      totals.mean, totals.num_restarts);
}

void AddSmoothingDetails(const Smoothing& done, std::vector<std::string>& details) {
  if (done.method == SmoothMethod::kGuided) details.push_back("smoothing: guided filter");
  if (done.method == SmoothMethod::kPotts) {
    details.push_back(Format("smoothing: Potts, beta %.4g, posteriors tempered by %.4g, ",
                             done.beta, done.temper) +
                      Count(done.num_sweeps, "sweep", "sweeps"));
    if (!done.energies.empty())
      details.back() +=
          Format(", energy %.5f to %.5f per pixel", done.energies.front(), done.energies.back());
  }
  if (done.pieces_moved > 0)
    details.push_back("small pieces: " + Count(done.pieces_moved, "piece", "pieces") + " of " +
                      Count(done.pixels_moved, "pixel", "pixels") + " given to neighbours");
}

// How far the entropy falls with each merge.
void AddMergeDetails(const ComponentMerge& merge, std::vector<std::string>& details) {
  for (const ClassLevel& level : merge.levels) {
    std::string line = Count(level.num_classes, "class", "classes") +
                       Format(": entropy %.5f per pixel", level.entropy);
    if (level.merged)
      line += Format(", the classes of components %d and %d being one", (*level.merged)[0] + 1,
                     (*level.merged)[1] + 1);
    details.push_back(line);
  }
}

void AddTissueDetails(const JobResult& result, std::vector<std::string>& details) {
  const TissueFacts& facts = *result.tissues;
  std::string means;
  for (const ClassEntry& entry : result.classes)
    means += Format("%s %.6g, ", entry.name.c_str(), entry.mean[0]);
  details.push_back("tissues: " + means + Format("noise %.4g", facts.deviation));
  details.push_back(Format("bias field: %.4f to %.4f", facts.bias_least, facts.bias_most));
  details.push_back(Format("neighbours: strength %.4g, ", facts.strength) +
                    Count(std::ssize(facts.energies), "sweep", "sweeps"));
  details.push_back("foreground: " + Count(facts.num_foreground, "voxel", "voxels") +
                    (facts.num_left_out > 0
                         ? ", and " + Count(facts.num_left_out, "voxel", "voxels") +
                               " in other pieces were left out"
                         : std::string()));
}

void AddFitDetails(const JobResult& result, const SegmentOptions& settings,
                   std::vector<std::string>& details) {
  const Model& model = result.model;
  if (result.tissues) {
    AddTissueDetails(result, details);
    return;
  }
  details.push_back(RestartsDetail(model.fit));
  details.push_back(FloorDetail(model.fit, settings.floor));
  if (model.fit.prior.share > 0) details.push_back(ShrinkageDetail(model.fit));
  details.push_back(
      Format("start: %s %.4f per pixel",
             model.fit.prior.share > 0 ? "log-likelihood with the prior" : ValueName(result),
             model.fit.initial_log_likelihood));
  if (model.bic)
    details.push_back(
        Format("criteria: BIC %.1f, AIC %.1f, ICL %.1f", *model.bic, *model.aic, *model.icl));
  AddMergeDetails(model.merge, details);
}

std::vector<double> SharesOf(const ClassTable& classes) {
  std::vector<double> shares;
  for (const ClassEntry& entry : classes) shares.push_back(entry.share);
  return shares;
}

}  // namespace

std::string WithSlash(const std::string& directory) {
  return directory.ends_with('/') ? directory : directory + "/";
}

// A line is to stay short; the model file, the manifest and --json have the shares of all classes.
std::string Shares(const std::vector<double>& shares) {
  constexpr std::size_t kMost = 8;
  std::string text = "shares";
  for (std::size_t k = 0; k < std::min(shares.size(), kMost); ++k)
    text += Format(" %.1f", 100 * shares[k]);
  return text + (shares.size() > kMost ? " … %" : " %");
}

std::string LogLine(const JobResult& result, const Options& options) {
  const std::string end = Format("%.2f s -> ", result.seconds.total) + WithSlash(result.directory);
  if (result.num_valid == 0) return result.input + ": no pixel with data, all labels 0, " + end;
  if (result.regions)
    return result.input + ": " + Count(result.regions->num_regions, "region", "regions") +
           AtLevel(*result.regions) + ", " + end;
  return result.input + ": " +
         Count(static_cast<std::int64_t>(result.classes.size()), "class", "classes") +
         HowFitted(result, options) + ", " +
         Format("%s %.4f per pixel, ", ValueName(result), result.log_likelihood) +
         Shares(SharesOf(result.classes)) + ", " +
         (result.anomalies ? AnomalyShares(result) + ", " : std::string()) +
         (result.instability && result.instability->num_restarts > 0
              ? Format("instability %.4f, ", result.instability->mean)
              : "") +
         end;
}

std::vector<std::string> CandidateTable(const std::vector<Candidate>& candidates) {
  if (candidates.empty()) return {};
  const std::size_t best = BestCandidate(candidates);
  std::vector<std::string> lines = {
      Count(candidates[best].num_components, "component", "components") +
          Format(", of lowest BIC_eff (* below; lower is better), reckoned for n_eff = %.0f "
                 "independent pixels",
                 candidates[best].num_effective),
      Format("  %5s %6s %10s %14s %14s %14s %14s %14s", "K", "params", "log-lik", "BIC", "AIC",
             "ICL", "BIC_eff", "ICL_eff")};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& each = candidates[i];
    lines.push_back(Format(
        "%s %5d %6lld %10.4f %14.1f %14.1f %14.1f %14.1f %14.1f", i == best ? "*" : " ",
        each.requested_components, static_cast<long long>(each.num_parameters), each.log_likelihood,
        each.plain.bic, each.plain.aic, each.plain.icl, each.bic_effective, each.icl_effective));
  }
  return lines;
}

std::string SizeText(const JobResult& result) {
  return std::to_string(result.width) + " x " + std::to_string(result.height) +
         (result.depth > 1 ? " x " + std::to_string(result.depth) : "");
}

std::vector<std::string> Details(const JobResult& result, const SegmentOptions& fit,
                                 Command command) {
  std::vector<std::string> details = {Format("image: %s pixels, %d bands, %lld pixels with data",
                                             SizeText(result).c_str(), result.num_bands,
                                             static_cast<long long>(result.num_valid))};
  if (result.regions)
    details.push_back(Count(result.regions->num_leaves, "leaf", "leaves") +
                      " of the hierarchy of regions");
  else
    details.push_back("features: " + FeatureNames(result.model.features));
  if (!result.regions && command == Command::kSegment && result.num_valid > 0)
    AddFitDetails(result, fit, details);
  AddSmoothingDetails(result.smoothing, details);
  if (result.anomalies && result.num_valid > 0) details.push_back(AnomaliesDetail(result));
  if (result.instability && result.num_valid > 0)
    details.push_back(InstabilityDetail(*result.instability));
  const JobSeconds& s = result.seconds;
  details.push_back(
      Format("seconds: read %.3f, features %.3f, fit %.3f, labels %.3f, write %.3f, "
             "total %.3f",
             s.read, s.features, s.fit, s.labels, s.write, s.total));
  details.push_back("threads: " + std::to_string(result.threads) +
                    ", instruction set: " + result.instruction_set);
  for (const std::string& name : result.stale)
    details.push_back("removed, stale: " + WithSlash(result.directory) + name);
  for (const std::string& name : result.files)
    details.push_back("wrote: " + WithSlash(result.directory) + name);
  return details;
}

std::string ProgressText(const std::string& input, const JobProgress& progress,
                         int max_iterations) {
  switch (progress.stage) {
    case JobStage::kReading:
      return input + ": reading";
    case JobStage::kFitting:
      if (progress.iteration == 0) return input + ": looking for a start";
      return input + Format(": iteration %d of at most %d, %.5f per pixel", progress.iteration,
                            max_iterations, progress.log_likelihood);
    case JobStage::kRefining:
      return input + ": refining";
    case JobStage::kLabelling:
      return input + ": labelling";
    case JobStage::kSmoothing:
      return input + ": smoothing";
    case JobStage::kWriting:
      break;
  }
  return input + ": writing";
}

std::string OneLine(const std::string& message) {
  std::string line;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t control = ControlBytes(message, at);
    line += control > 0 ? '?' : message[at];
    at += std::max<std::size_t>(control, 1);
  }
  return line;
}

}  // namespace gmmseg::cli
