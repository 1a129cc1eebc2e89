#include "batch/folder_checks.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <map>
#include <set>

#include "batch/bids_names.h"
#include "batch/earlier_run.h"
#include "batch/fit_outputs.h"
#include "batch/manifest.h"
#include "batch/model_outputs.h"
#include "batch/output_folder.h"
#include "batch/output_names.h"
#include "batch/region_job.h"
#include "batch/report_files.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

KnownClasses ClassesOf(const FolderOptions& options) {
  if (options.model) return KnownClassesOf(*options.model);
  return {NumClasses(options), options.segment.class_names};
}

std::vector<std::string> PossibleNames(const InputFile& file, const FolderOptions& options) {
  return PossibleOutputNames(file.stem, options.output, ClassesOf(options), ReportKind::kPart);
}

// An output that would replace an input is refused, whatever else may be replaced.
void CheckInputsStay(const fs::path& top, const InputList& inputs, const FolderOptions& options) {
  std::set<fs::path> paths;
  for (const InputFile& file : inputs.files) {
    paths.insert(PlainPath(file.path));
    for (const std::string& companion : {file.mask, file.weight_map, file.scribbles})
      if (!companion.empty()) paths.insert(PlainPath(companion));
  }
  const fs::path plain = PlainPath(top);
  for (const InputFile& file : inputs.files)
    for (const std::string& name : PossibleNames(file, options))
      if (paths.contains((plain / file.folder / name).lexically_normal()))
        throw ParameterError((top / file.folder / name).string() +
                             " is an input and an output of " + file.path +
                             "; choose another output folder");
}

// BIDS drops what tells a T1w from a T2w image.
void CheckBidsNames(const fs::path& top, const InputList& inputs) {
  std::map<fs::path, std::string> images;  // by what the outputs' names start with
  for (const InputFile& file : inputs.files) {
    const auto [other, is_new] =
        images.emplace(fs::path(file.folder) / BidsPrefix(file.stem), file.path);
    if (!is_new)
      throw ParameterError(
          other->second + " and " + file.path + " would both be called " +
          (top / other->first).string() +
          "_dseg; name images of one kind, as in \"*_T1w.nii.gz\", or leave naming "
          "plain");
  }
}

// Whether an earlier run over this folder left its page; it may have done nothing else.
bool IsPageOfFolder(const fs::path& top) {
  return fs::exists(top / kManifestName) && IsReportOf(top / kReportName, kFolderSubject);
}

// A page that is none of ours stays, unless everything may be replaced.
void CheckReport(const fs::path& top, const InputList& inputs, const FolderOptions& options) {
  if (!WantsReport(options)) return;
  ReportDate();
  CheckExisting(top, {kReportName}, ExistingOutputs::kReplace);
  if (std::ranges::count(OutputFolders(top, inputs), top / kReportName) > 0)
    throw ParameterError((top / kReportName).string() +
                         " is to be the report, and a folder of outputs; rename that input folder, "
                         "or leave report out of --write");
  if (Resumes(options.earlier) && fs::exists(top / kReportName) && !IsReport(top / kReportName))
    throw ParameterError((top / kReportName).string() +
                         ": exists, and no earlier run wrote it; move it away, or choose another "
                         "output folder");
}

// Before any work: may this run write where an earlier one wrote?
void CheckEarlierRun(const InputList& inputs, const FolderOptions& options,
                     const std::vector<std::string>& shared_names) {
  const fs::path top = options.output.directory;
  CheckOutputFolder(top);
  if (options.output.naming == Naming::kBids) CheckBidsNames(top, inputs);
  CheckInputsStay(top, inputs, options);
  CheckReport(top, inputs, options);
  if (options.earlier != EarlierRun::kRefuse) return;
  const Manifest earlier = ReadManifest(top).value_or(Manifest());
  if (!earlier.outputs.empty() || !earlier.models.empty())
    throw ParameterError((top / kManifestName).string() +
                         ": an earlier run wrote into this folder; use --resume to go on with it, "
                         "or --overwrite to start over");
  if (!fs::exists(top)) return;
  CheckExisting(top, shared_names, ExistingOutputs::kRefuse);
  if (WantsReport(options) && !IsPageOfFolder(top))
    CheckExisting(top, {kReportName}, ExistingOutputs::kRefuse);
  for (const InputFile& file : inputs.files)
    CheckExisting(top / file.folder, PossibleNames(file, options), ExistingOutputs::kRefuse);
}

void CheckMatch(const FolderOptions& options) {
  if (options.source != ModelSource::kMatched) return;
  if (options.segment.choose)
    throw ParameterError(
        "a range of components with classes matched to a reference; give one number");
  if (!options.model) return;
  const int asked = options.segment.num_components();
  const int most = options.model->mixture().num_components();
  if (asked > most)
    throw ParameterError("num_components = " + std::to_string(asked) +
                         "; the reference model has " + std::to_string(most) +
                         " classes: ask for at most as many");
}

}  // namespace

bool Resumes(EarlierRun earlier) {
  return earlier == EarlierRun::kResume || earlier == EarlierRun::kRefit;
}

bool WantsReport(const FolderOptions& options) {
  return options.output.outputs.contains(Output::kReport);
}

int NumClasses(const FolderOptions& options) {
  if (options.regions) return NumKnownRegions(*options.regions);
  return options.model ? static_cast<int>(options.model->classes.size())
                       : options.segment.most_classes();
}

fs::path PlainPath(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

void CheckFolderJob(const InputList& inputs, const FolderOptions& options,
                    const std::vector<std::string>& shared_names) {
  CheckPictureOptions(options.output);
  if (options.regions) {
    CheckRegionJob(*options.regions, options.output);
    if (options.source != ModelSource::kSeparate)
      throw ParameterError("regions are of each image by itself; do not ask for a shared model");
    CheckEarlierRun(inputs, options, shared_names);
    return;
  }
  if (options.source == ModelSource::kGiven && options.model)
    CheckModelOutputs(options.output, *options.model);
  else
    CheckModelOutputs(options.output,
                      options.model ? options.model->features.spec : options.segment.features);
  CheckFitOutputs(options.output.outputs, options.source, options.segment);
  CheckEarlierRun(inputs, options, shared_names);
  CheckMatch(options);
  CheckChoice(options.segment);  // of the smoothing, too, which a model that is given has no less
  CheckClassNames(options.segment.class_names, NumClasses(options));
}

}  // namespace gmmseg
