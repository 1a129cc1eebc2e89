#include "batch/output_folder.h"

#include <gmmseg/errors.h>

#include <boost/filesystem/operations.hpp>
#include <set>

#include "batch/output_names.h"

namespace gmmseg {
namespace fs = boost::filesystem;

void CheckOutputFolder(const fs::path& folder) {
  const std::string name = folder.string();
  if (name.empty()) throw ParameterError("output folder = \"\"; name a folder");
  if (fs::is_directory(folder)) return;
  if (fs::exists(folder))
    throw ParameterError("output folder " + name + " is a file; name a folder");
  const fs::path parent = fs::absolute(folder).parent_path();
  if (!fs::is_directory(parent))
    throw ParameterError("output folder " + name + ": its parent " + parent.string() +
                         (fs::exists(parent) ? " is no folder; choose another"
                                             : " does not exist; create it first"));
}

// A folder under an output's name is never replaced, but for one that holds tiles alone: it may
// hold anything. Nor is a pipe or device.
void CheckExisting(const fs::path& folder, const std::vector<std::string>& names,
                   ExistingOutputs existing) {
  for (const std::string& name : names) {
    boost::system::error_code error;  // of a name too long, say: writing will tell
    const fs::file_status status = fs::symlink_status(folder / name, error);
    const bool is_replaced = existing != ExistingOutputs::kRefuse;
    if (fs::is_directory(status)) {
      if (is_replaced && IsOfTiles(folder / name)) continue;
      throw ParameterError((folder / name).string() +
                           " is a folder; move it away, or choose another output folder");
    }
    const fs::file_status behind = fs::status(folder / name, error);  // a link leads there
    if (fs::exists(behind) && !fs::is_regular_file(behind))
      throw ParameterError((folder / name).string() +
                           " is no regular file and is never replaced; move it away, or choose "
                           "another output");
    if (!is_replaced && fs::exists(status))
      throw ParameterError((folder / name).string() +
                           " exists; use --overwrite to replace it, or another output folder");
  }
}

std::vector<fs::path> OutputFolders(const fs::path& top, const InputList& inputs) {
  std::set<fs::path> folders = {top};
  for (const InputFile& file : inputs.files)
    for (fs::path below = file.folder; !below.empty(); below = below.parent_path())
      folders.insert(top / below);
  return {folders.begin(), folders.end()};
}

fs::path MakeFolder(const fs::path& top, const std::string& below) {
  const fs::path folder = below.empty() ? top : top / below;
  boost::system::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw IoError(IoError::Operation::kWrite,
                  folder.string() + ": cannot be made (" + error.message() + ")");
  return folder;
}

void RemoveEmptyFolders(const fs::path& top, const InputList& inputs) {
  const std::vector<fs::path> folders = OutputFolders(top, inputs);
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    boost::system::error_code error;
    if (*folder == top || fs::symlink_status(*folder, error).type() != fs::directory_file) continue;
    if (fs::is_empty(*folder, error) && !error) fs::remove(*folder, error);
  }
}

}  // namespace gmmseg
