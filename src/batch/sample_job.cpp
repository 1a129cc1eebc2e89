#include <gmmseg/errors.h>
#include <gmmseg/sample_job.h>

#include <boost/filesystem/path.hpp>

#include "batch/output_folder.h"
#include "batch/staging.h"
#include "io/points_csv.h"
#include "io/staged_file.h"
#include "mixture/sampling.h"

namespace gmmseg {
namespace fs = boost::filesystem;

void RunSampleJob(const Model& model, std::int64_t n, std::uint64_t seed, const std::string& path,
                  ExistingOutputs existing) {
  const fs::path target(path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const std::string name = target.filename().string();
  if (target.filename_is_dot() || target.filename_is_dot_dot() || name.empty())
    throw ParameterError(path + ": is a folder; name a file");
  CheckSampling(model.mixture(), n);
  CheckOutputFolder(folder);
  CheckExisting(folder, {name}, existing);
  Staging staging(folder, name);
  try {
    StagedFile file((staging.folder() / name).string());
    WritePointsCsv(model, n, seed, [&file](const std::string& text) { file.Write(text); });
    file.Commit();
  } catch (const IoError& error) {
    throw IoError(error.operation(), staging.InFinalPlace(error.what()));
  }
  staging.Commit({name}, {});
}

}  // namespace gmmseg
