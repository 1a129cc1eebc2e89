#include "batch/file_target.h"

#include <gmmseg/errors.h>

#include "batch/output_folder.h"
#include "batch/staging.h"

namespace gmmseg {
namespace fs = boost::filesystem;

FileTarget::FileTarget(const std::string& path, ExistingOutputs existing) {
  const fs::path target(path);
  folder_ = target.has_parent_path() ? target.parent_path() : fs::path(".");
  name_ = target.filename().string();
  if (target.filename_is_dot() || target.filename_is_dot_dot() || name_.empty())
    throw ParameterError(path + ": is a folder; name a file");
  CheckOutputFolder(folder_);
  CheckExisting(folder_, {name_}, existing);
}

void FileTarget::Write(const std::function<void(StagedFile& file)>& fill) const {
  Staging staging(folder_, name_);
  try {
    StagedFile file((staging.folder() / name_).string());
    fill(file);
    file.Commit();
  } catch (const IoError& error) {
    throw IoError(error.operation(), staging.InFinalPlace(error.what()));
  }
  staging.Commit({name_}, {});
}

}  // namespace gmmseg
