#include "cli/folder_report.h"

#include <gmmseg/posterior.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/text.h"
#include "cli/messages.h"

namespace gmmseg::cli {
namespace {

std::string Images(std::int64_t n) { return Count(n, "image", "images"); }

std::string Join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : ", ") + part;
  return joined;
}

const char* StageName(FolderStage stage) {
  switch (stage) {
    case FolderStage::kGathering:
      return "gathering colours";
    case FolderStage::kFitting:
      return "fitting the shared model";
    case FolderStage::kRefining:
      return "refining the shared model";
    case FolderStage::kLabelling:
      break;
  }
  return "labelling";
}

// How many, how fast, how long still, and what is being done.
std::string Numbers(const FolderProgress& progress, std::string_view what, double seconds) {
  std::string text = Format("%lld of %lld", static_cast<long long>(progress.images_done),
                            static_cast<long long>(progress.num_images)) +
                     std::string(what);
  const auto done = static_cast<double>(progress.images_done);
  if (progress.images_done > 0 && seconds > 0) {
    const double left = static_cast<double>(progress.num_images) - done;
    text += Format(", %.1f per s, %.0f s left", done / seconds, left * seconds / done);
  }
  if (progress.stage == FolderStage::kFitting && progress.iteration > 0)
    return Format("iteration %d, %.5f per pixel", progress.iteration, progress.log_likelihood);
  return text + ", " + StageName(progress.stage);
}

}  // namespace

std::string ImageLine(const ImageReport& report) {
  const ImageRecord& record = report.record;
  const std::string what = report.result != nullptr && report.result->num_valid == 0
                               ? "no pixel with data, all labels 0"
                           : record.num_regions ? Count(*record.num_regions, "region", "regions")
                                                : Shares(record.shares);
  return report.file.path + ": " + what + Format(", %.2f s", record.seconds);
}

Command CommandOn(const ImageReport& report) {
  return FitsEachImage(report.source) ? Command::kSegment : Command::kApply;
}

std::string SkippedLine(const SkippedFiles& skipped) {
  if (skipped.total() == 0) return "";
  std::vector<std::string> parts;
  const auto add = [&parts](std::int64_t n, const std::string& one, const std::string& many) {
    if (n > 0) parts.push_back(Count(n, one, many));
  };
  add(skipped.not_images, "file that is no image", "files that are no images");
  add(skipped.hidden, "hidden name", "hidden names");
  add(skipped.subfolders, "folder (--recursive looks into it)",
      "folders (--recursive looks into them)");
  add(skipped.links, "link that leads nowhere or to a folder seen before",
      "links that lead nowhere or to folders seen before");
  add(skipped.own_outputs, "output of an earlier run", "outputs of earlier runs");
  return "left out: " + Join(parts);
}

std::string SummaryLine(const FolderResult& result, const std::string& directory) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::int64_t n, const std::string& what) {
    if (n > 0) parts.push_back(std::to_string(n) + " " + what);
  };
  add(result.num_done, "done");
  add(result.num_kept, "kept from an earlier run");
  add(result.num_failed, "failed");
  add(result.num_drifted, "drifted");
  std::string model;
  if (result.model)
    model = Format("; %lld classes of ", static_cast<long long>(result.model->classes.size())) +
            (result.model_kept    ? "the earlier run's model"
             : result.exact_model ? "one model of all pixels"
                                  : "one model of a sample of the pixels");
  std::string seconds = Format("; %.1f s", result.total_seconds);
  if (result.num_done > 0)
    seconds += Format(", %.1f per s", static_cast<double>(result.num_done) / result.total_seconds);
  return Images(result.num_images) + ": " + Join(parts) + model + seconds + " -> " +
         WithSlash(directory);
}

std::vector<std::string> FolderDetails(const FolderResult& result) {
  std::vector<std::string> details = {
      Format("seconds: shared model %.3f, total %.3f", result.fit_seconds, result.total_seconds),
      Format("images at a time: %d", result.images_at_a_time),
      "threads: " + std::to_string(ActiveThreads()) +
          ", instruction set: " + std::string(InstructionSet())};
  if (result.model && !std::isnan(result.model->fit.log_likelihood))
    details.push_back(Format("shared model: %d iterations, %.4f per pixel",
                             result.model->fit.iterations, result.model->fit.log_likelihood));
  return details;
}

std::string PlanLine(const FolderPlan& plan, const Options& options) {
  const auto num_to_do = std::ssize(plan.to_do);
  std::string line = Images(num_to_do);
  if (plan.num_unreadable > 0)
    line += Format(" (%lld of them unreadable)", static_cast<long long>(plan.num_unreadable));
  if (num_to_do < plan.num_images)
    line += Format(", %lld kept from an earlier run",
                   static_cast<long long>(plan.num_images - num_to_do));
  line += ": about " + Count(plan.num_files, "file", "files") + " would be written into " +
          WithSlash(options.output.directory) +
          Format("; %d at a time, about %.0f MB for them", plan.images_at_a_time,
                 static_cast<double>(plan.bytes) / 1e6);
  if (plan.fits_model)
    line +=
        plan.exact_model ? "; one model of all pixels" : "; one model of a sample of the pixels";
  return line;
}

std::string BarText(const FolderProgress& progress, double seconds) {
  constexpr std::int64_t kWidth = 20;
  const std::int64_t filled =
      kWidth * progress.images_done / std::max<std::int64_t>(progress.num_images, 1);
  std::string bar(static_cast<std::size_t>(kWidth), ' ');
  std::fill_n(bar.begin(), filled, '=');
  return "[" + bar + "] " + Numbers(progress, "", seconds);
}

std::string LogText(const FolderProgress& progress, double seconds) {
  return Numbers(progress, " images", seconds);
}

}  // namespace gmmseg::cli
