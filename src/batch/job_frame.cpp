#include "batch/job_frame.h"

#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <memory>
#include <new>
#include <utility>

#include "base/share.h"
#include "base/stopwatch.h"
#include "batch/bids_files.h"
#include "batch/load_input.h"
#include "batch/model_outputs.h"
#include "batch/output_folder.h"
#include "batch/output_names.h"
#include "batch/report_files.h"
#include "batch/scene_journal.h"
#include "batch/staging.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// Nothing that a job reads beside its image may be replaced by what it writes.
void CheckStays(const JobFrame& frame, const std::string& companion, const std::string& what,
                const std::vector<std::string>& names) {
  boost::system::error_code missing;
  for (const std::string& name : names)
    if (!companion.empty() && fs::equivalent(frame.directory() / name, companion, missing))
      throw ParameterError(companion + ": is " + what +
                           ", and an output; choose another output folder");
}

// Before any work: can the outputs be there at the end?
void CheckOutputs(const JobFrame& frame) {
  if (frame.output.outputs.empty())
    throw ParameterError("no output is asked for; name at least one");
  CheckPictureOptions(frame.output);
  CheckOutputFolder(frame.directory());
  const std::vector<std::string> names =
      PossibleOutputNames(frame.stem(), frame.output, frame.classes,
                          frame.IsPart() ? ReportKind::kPart : ReportKind::kPage);
  CheckStays(frame, frame.input.mask, "the mask", names);
  CheckStays(frame, frame.input.weight_map, "the weight map", names);
  CheckStays(frame, frame.input.scribbles, "the scribbles", names);
  for (const std::string& channel : frame.input.read.channels)
    CheckStays(frame, channel, "a channel", names);
  for (const std::string& map : frame.input.tissue_maps)
    CheckStays(frame, map, "a map of a tissue", names);
  CheckStays(frame, frame.input.image, "the input", names);
  CheckExisting(frame.directory(), names, frame.output.existing);
  if (!frame.WantsReport() || frame.IsPart()) return;
  ReportDate();
  if (IsReportOf(frame.directory() / kReportName, kFolderSubject))
    throw ParameterError((frame.directory() / kReportName).string() +
                         " is about a whole folder; choose another output folder, or leave report "
                         "out of --write");
}

std::unique_ptr<Staging> MakeStaging(const JobFrame& frame) {
  std::unique_ptr<Staging> staging;
  if (IsFirst(frame.ranks)) staging = std::make_unique<Staging>(frame.directory(), frame.stem());
  if (frame.ranks == nullptr) return staging;
  std::string folder = staging ? staging->folder().string() : "";
  frame.ranks->Broadcast(0, folder);
  return staging ? std::move(staging) : Staging::Join(frame.directory(), folder);
}

// Other ranks may be writing there, and would complain of what is gone: whoever ends the job
// removes it by AbandonJobs(), when it is known what went wrong.
void LeaveToAll(const JobFrame& frame, std::unique_ptr<Staging>& staging) {
  if (frame.ranks != nullptr) (void)staging.release();
}

std::vector<std::string> FilesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> FindStale(const JobFrame& frame, const std::vector<std::string>& written) {
  if (frame.output.existing != ExistingOutputs::kOverwrite) return {};
  std::vector<std::string> stale =
      StaleNames(frame.directory(), frame.stem(), frame.can_be_stale, frame.output.naming, written);
  if (!frame.WantsReport() &&
      IsReportOf(frame.directory() / kReportName, ReportSubject(frame.stem())))
    stale.push_back(kReportName);
  std::erase_if(stale, [&](const std::string& name) {
    return std::any_of(
        frame.output.keep.begin(), frame.output.keep.end(),
        [&](const std::string& kept) { return fs::equivalent(kept, frame.directory() / name); });
  });
  return stale;
}

void Commit(const JobFrame& frame, Staging& staging, JobResult& result) {
  result.files = FilesIn(staging.folder());
  CheckExisting(frame.directory(), result.files, frame.output.existing);
  result.stale = FindStale(frame, result.files);
  if (frame.output.before_commit) frame.output.before_commit(result.files);
  staging.Commit(result.files, result.stale);
  // A folder of images has one, which is its own.
  if (frame.output.naming == Naming::kBids && !frame.IsPart() &&
      WriteDatasetDescription(frame.directory()))
    result.files.insert(std::ranges::lower_bound(result.files, kDatasetName), kDatasetName);
  // Of a run that was killed when memory did not hold the image.
  boost::system::error_code ignored;
  fs::remove(frame.directory() / JournalName(frame.stem()), ignored);
}

void SetFacts(const Raster& raster, JobResult& result) {
  result.width = raster.width();
  result.height = raster.height();
  result.depth = raster.depth();
  result.num_bands = raster.num_bands();
}

[[noreturn]] void ThrowOutOfMemory(const std::string& input, const Raster& raster) {
  const std::string depth = raster.depth() > 1 ? " x " + std::to_string(raster.depth()) : "";
  throw Error(input + ": not enough memory for " + std::to_string(raster.width()) + " x " +
              std::to_string(raster.height()) + depth + " pixels of " +
              std::to_string(raster.num_bands()) +
              " bands; scale the image down, cut it, or ask for fewer outputs");
}

}  // namespace

std::string JobFrame::stem() const {
  return output.stem.empty() ? StemOf(input.image) : output.stem;
}

fs::path JobFrame::directory() const {
  const fs::path path(output.directory);
  return path.filename_is_dot() && path.has_parent_path() ? path.parent_path() : path;
}

JobResult RunStaged(const JobFrame& frame, const StagedWork& work) {
  Stopwatch total;
  CheckOutputs(frame);
  JobResult result;
  result.input = frame.input.image;
  result.asked = frame.output.outputs;
  result.directory = frame.output.directory;
  result.threads = ActiveThreads();
  result.instruction_set = InstructionSet();
  frame.Report({.stage = JobStage::kReading});
  std::unique_ptr<Staging> staging;
  const StageFolder folder = [&]() -> const fs::path& {
    staging = MakeStaging(frame);
    return staging->folder();
  };
  try {
    work(folder, result);
    Stopwatch commit;
    if (frame.ranks != nullptr) Meet(*frame.ranks);
    if (IsFirst(frame.ranks)) Commit(frame, *staging, result);
    if (frame.ranks != nullptr) Meet(*frame.ranks);
    result.seconds.write += commit.Seconds();
  } catch (const IoError& error) {
    if (!staging) throw;
    const IoError final(error.operation(), staging->InFinalPlace(error.what()));
    LeaveToAll(frame, staging);
    throw final;
  } catch (...) {
    LeaveToAll(frame, staging);
    throw;
  }
  result.seconds.total = total.Seconds();
  return result;
}

JobResult RunInFrame(const JobFrame& frame, const JobWork& work) {
  return RunStaged(frame, [&](const StageFolder& folder, JobResult& result) {
    Stopwatch watch;
    const LoadedImage image = LoadInput(frame.input);
    result.seconds.read = watch.Seconds();
    result.hash = image.hash;
    SetFacts(image.raster, result);
    try {
      work(image, folder(), result);
    } catch (const std::bad_alloc&) {
      ThrowOutOfMemory(frame.input.image, image.raster);
    }
  });
}

}  // namespace gmmseg
