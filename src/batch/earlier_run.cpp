#include "batch/earlier_run.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>

#include "base/hash.h"
#include "batch/bids_names.h"
#include "batch/load_input.h"
#include "batch/output_names.h"
#include "io/file_bytes.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

std::string Below(const InputFile& file, const std::string& name) {
  return (fs::path(file.folder) / name).string();
}

bool HasContent(const InputFile& file, const std::string& hash) {
  try {
    return HashOfInput(JobInputOf(file)) == hash;
  } catch (const IoError&) {
    return false;
  }
}

}  // namespace

EarlierRuns::EarlierRuns(const fs::path& top, const InputList& inputs, Manifest manifest)
    : top_(top), manifest_(std::move(manifest)) {
  for (const InputFile& file : inputs.files) stems_.emplace(file.folder, file.stem);
}

std::optional<ImageRecord> EarlierRuns::Done(const InputFile& file,
                                             const std::string& settings) const {
  const auto found = manifest_.images.find(file.name);
  if (found == manifest_.images.end()) return std::nullopt;
  const ImageRecord& record = found->second;
  if (record.status != ImageStatus::kDone || record.settings != settings ||
      record.outputs.size() != record.output_bytes.size())
    return std::nullopt;
  for (std::size_t i = 0; i < record.outputs.size(); ++i) {
    const fs::path output(record.outputs[i]);
    boost::system::error_code missing;
    if (output.parent_path() != fs::path(file.folder) ||
        !IsOutputOf(file.stem, output.filename().string()) ||
        fs::file_size(top_ / output, missing) != record.output_bytes[i] || missing)
      return std::nullopt;
  }
  return HasContent(file, record.hash) ? std::optional(record) : std::nullopt;
}

bool EarlierRuns::HadOther(const InputFile& file, const std::string& hash) const {
  const auto found = manifest_.images.find(file.name);
  return found != manifest_.images.end() && found->second.status == ImageStatus::kDone &&
         found->second.hash != hash;
}

void EarlierRuns::RequireKnown(const InputFile& file, const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const fs::path path = top_ / file.folder / name;
    boost::system::error_code missing;
    if (!manifest_.outputs.contains(Below(file, name)) &&
        fs::exists(fs::symlink_status(path, missing)))
      throw ParameterError(path.string() +
                           ": exists, and no earlier run wrote it; move it away, or choose another "
                           "output folder");
  }
}

bool EarlierRuns::Wrote(const InputFile& file, const std::string& output) const {
  const auto found = manifest_.images.find(file.name);
  return found != manifest_.images.end() &&
         std::ranges::find(found->second.outputs, output) != found->second.outputs.end();
}

bool EarlierRuns::IsFormer(const InputFile& file, const std::string& output) const {
  const std::string name = fs::path(output).filename().string();
  if (IsBidsOutputOf(file.stem, name)) return Wrote(file, output);
  const std::string whole = fs::path(file.name).filename().string();
  for (const std::string& stem : {StemOf(whole), whole})
    if (IsOutputOf(stem, name)) return stem == file.stem || !stems_.contains({file.folder, stem});
  return false;
}

void EarlierRuns::RemoveFormer(const InputFile& file,
                               const std::vector<std::string>& outputs) const {
  const std::string start = Below(file, BidsPrefix(StemOf(file.name)));  // or more of the stem
  for (auto known = manifest_.outputs.lower_bound(start);
       known != manifest_.outputs.end() && known->starts_with(start); ++known) {
    const fs::path output(*known);
    if (output.parent_path() != fs::path(file.folder) ||
        std::ranges::find(outputs, *known) != outputs.end() || !IsFormer(file, *known))
      continue;
    boost::system::error_code ignored;
    fs::remove(top_ / output, ignored);
  }
}

}  // namespace gmmseg
