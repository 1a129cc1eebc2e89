#include <glob.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <gmmseg/inputs.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "batch/manifest.h"
#include "batch/output_names.h"
#include "io/dicom_folder.h"
#include "io/file_bytes.h"
#include "io/nifti_files.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

[[noreturn]] void Fail(const std::string& what) { throw IoError(IoError::Operation::kRead, what); }

bool Exists(const std::string& path) {
  boost::system::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

bool IsFolder(const std::string& path) {
  boost::system::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool IsPattern(const std::string& word) {
  return word.find_first_of("*?[") != std::string::npos && !Exists(word);
}

bool IsList(const std::string& word) { return word.starts_with('@') && !Exists(word); }

std::vector<std::string> MatchPattern(const std::string& pattern) {
  glob_t matches{};
  const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&matches, &globfree);
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) != 0 || matches.gl_pathc == 0)
    Fail(pattern + ": no file matches this pattern; check the folder and the spelling");
  return {matches.gl_pathv, matches.gl_pathv + matches.gl_pathc};
}

std::vector<std::string> ReadList(const std::string& path) {
  const std::vector<unsigned char> bytes = ReadFileBytes(path, "a list of paths, one per line");
  const char end = std::ranges::find(bytes, 0) == bytes.end() ? '\n' : '\0';
  if (end == '\0' && std::ranges::any_of(bytes, [](unsigned char byte) {
        return byte > 0 && byte < 0x20 && byte != '\n' && byte != '\t';
      }))
    Fail(path + ": is no list of paths; give a text with one path per line");
  std::vector<std::string> lines(1);
  for (const unsigned char byte : bytes)
    if (byte == static_cast<unsigned char>(end))
      lines.emplace_back();
    else
      lines.back() += static_cast<char>(byte);
  if (end == '\n')
    for (std::string& line : lines)
      if (line.ends_with('\r')) line.pop_back();
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (lines.front().starts_with(kByteOrderMark)) lines.front().erase(0, kByteOrderMark.size());
  std::erase_if(lines,
                [](const std::string& line) { return line.find_first_not_of(" \t") == line.npos; });
  return lines;
}

// Without "." and "..", which a name below a shared folder cannot have; links stay what they are.
fs::path Plain(const fs::path& path) {
  fs::path plain = fs::absolute(path).lexically_normal();
  if (plain.filename_is_dot()) plain = plain.parent_path();
  return plain;
}

// Walks folders and gathers files under their plain absolute paths.
class Walk {
 public:
  Walk(Subfolders subfolders, const std::string& output_folder) : subfolders_(subfolders) {
    boost::system::error_code missing;
    output_folder_ = fs::canonical(output_folder, missing);
    Disown(output_folder);
  }

  void Add(const std::string& path) {
    if (IsFolder(path))
      AddFolder(path);
    else
      AddFile(path);
  }

  // What a pattern matches is taken as what a folder holds is.
  void AddMatch(const std::string& path) {
    if (IsFolder(path)) return AddFolder(path);
    const fs::path folder = Plain(path).parent_path();
    Share(folder);
    if (disowned_.insert(folder).second) Disown(folder);
    AddEntry(path);
  }

  InputList Finish() && {
    for (const auto& [plain, path] : files_) {
      const fs::path name = plain.lexically_relative(shared_.value_or(""));
      const std::string stem = StemOf(IsFolder(path) ? path : name.string());
      list_.files.push_back({path, name.string(), name.parent_path().string(), stem});
    }
    return std::move(list_);
  }

 private:
  void AddFile(const std::string& path) {
    const fs::path plain = Plain(path);
    Share(plain.parent_path());
    boost::system::error_code ignored;
    const fs::file_type type = fs::status(path, ignored).type();
    if (own_outputs_.contains(plain))
      ++list_.skipped.own_outputs;
    else if (type == fs::fifo_file || type == fs::socket_file || type == fs::character_file)
      list_.unreadable.push_back(path + ": is no regular file; give it alone, or copy it into one");
    else
      files_.emplace(plain, path);
  }

  void AddFolder(const std::string& path) {
    Share(Plain(path));
    boost::system::error_code error;
    const fs::path canonical = fs::canonical(path, error);
    if (error || !seen_.insert(canonical).second) return;
    if (const std::optional<std::string> problem = TryFolder(path)) Fail(*problem);
  }

  // The files that a manifest there says were written are no inputs.
  void Disown(const fs::path& folder) {
    for (const std::string& output : OutputsOfManifest(folder))
      own_outputs_.insert(Plain(folder / output));
  }

  // The folder that all inputs lie below.
  void Share(const fs::path& folder) {
    if (!shared_) shared_ = folder;
    const auto [end, other] =
        std::mismatch(shared_->begin(), shared_->end(), folder.begin(), folder.end());
    fs::path common;
    for (auto part = shared_->begin(); part != end; ++part) common /= *part;
    shared_ = common;
  }

  // What is wrong with the folder, if something is.
  std::optional<std::string> TryFolder(const fs::path& folder) {
    boost::system::error_code error;
    std::vector<fs::path> entries;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
      entries.push_back(entry->path());
    if (error) return folder.string() + ": the folder cannot be read (" + error.message() + ")";
    Disown(folder);
    // A folder itself comes before links to it, whose outputs would otherwise take its place.
    std::ranges::stable_partition(entries, [](const fs::path& entry) {
      boost::system::error_code ignored;
      return !fs::is_symlink(entry, ignored);
    });
    if (IsDicomFolder(folder.string())) return TryVolume(folder, entries);
    for (const fs::path& entry : entries) AddEntry(entry);
    return std::nullopt;
  }

  // A folder of slices is one image, whose name is the folder's. What is wrong with it, if
  // something is.
  std::optional<std::string> TryVolume(const fs::path& folder,
                                       const std::vector<fs::path>& entries) {
    try {
      ReadImageHeader(folder.string());
    } catch (const IoError& error) {
      return error.what();
    }
    const fs::path plain = Plain(folder);
    Share(plain.parent_path());
    files_.emplace(plain, folder.string());
    for (const fs::path& entry : entries)
      if (IsFolder(entry.string())) AddEntry(entry);
    return std::nullopt;
  }

  void AddEntry(const fs::path& entry) {
    boost::system::error_code error;
    const fs::file_status status = fs::status(entry, error);
    const std::string name = entry.filename().string();
    if (name.starts_with('.'))
      ++list_.skipped.hidden;
    else if (own_outputs_.contains(Plain(entry)))
      ++list_.skipped.own_outputs;
    else if (status.type() == fs::file_not_found ||
             error == boost::system::errc::too_many_symbolic_link_levels)
      ++list_.skipped.links;
    else if (status.type() == fs::status_error)
      list_.unreadable.push_back(entry.string() + ": cannot be looked at (" + error.message() +
                                 ")");
    else if (fs::is_directory(status))
      AddSubfolder(entry);
    else if (fs::is_regular_file(status) && IsImage(entry.string()))
      files_.emplace(Plain(entry), entry.string());
    else
      ++list_.skipped.not_images;
  }

  void AddSubfolder(const fs::path& folder) {
    boost::system::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (!error && canonical == output_folder_) {
      ++list_.skipped.own_outputs;
    } else if (subfolders_ == Subfolders::kSkip) {
      ++list_.skipped.subfolders;
    } else if (error || !seen_.insert(canonical).second) {
      ++list_.skipped.links;
    } else if (const std::optional<std::string> problem = TryFolder(folder)) {
      list_.unreadable.push_back(*problem);
    }
  }

  static bool IsImage(const std::string& path) {
    if (HasImageExtension(path)) return true;
    if (IsVoxelsOfPair(path)) return false;  // the header is the image
    try {
      return ReadImageHeader(path).has_value();
    } catch (const IoError&) {
      return false;
    }
  }

  Subfolders subfolders_;
  fs::path output_folder_;                 // canonical; empty if there is none yet
  std::optional<fs::path> shared_;         // plain
  std::set<fs::path> seen_;                // canonical
  std::map<fs::path, std::string> files_;  // plain path, and as the user would open it
  std::set<fs::path> disowned_;     // plain: folders of matches whose manifests were looked at
  std::set<fs::path> own_outputs_;  // plain: what the manifests met so far name
  InputList list_;
};

// Its model would be called as the one that all images share.
bool IsReserved(const InputFile& file) {
  return file.folder.empty() &&
         OutputName(file.stem, Output::kModel, OutputKind::kPicture) == kSharedModelName;
}

// Two inputs that would write the same names are told apart by their extensions; that may meet a
// third one's stem, which then gets its own.
void TellApart(std::vector<InputFile>& files) {
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::pair<std::string, std::string>, std::vector<InputFile*>> by_stem;
    for (InputFile& file : files) by_stem[{file.folder, file.stem}].push_back(&file);
    for (const auto& [stem, same] : by_stem)
      for (InputFile* file : same) {
        const std::string whole = fs::path(file->name).filename().string();
        const bool is_alone = same.size() == 1 && !IsReserved(*file);
        if (is_alone || file->stem == whole) continue;
        file->stem = whole;
        changed = true;
      }
  }
}

}  // namespace

InputList FindInputs(const std::vector<std::string>& words, Subfolders subfolders,
                     const std::string& output_folder) {
  Walk walk(subfolders, output_folder);
  for (const std::string& word : words)
    if (IsList(word))
      for (const std::string& path : ReadList(word.substr(1))) walk.Add(path);
    else if (IsPattern(word))
      for (const std::string& path : MatchPattern(word)) walk.AddMatch(path);
    else
      walk.Add(word);
  InputList list = std::move(walk).Finish();
  std::ranges::sort(list.files, {}, &InputFile::name);
  TellApart(list.files);
  return list;
}

std::string FindCompanion(const std::string& path, const std::string& name) {
  if (!fs::exists(path))
    throw IoError(IoError::Operation::kRead,
                  path + ": no such file; name an image or a folder of images");
  if (!IsFolder(path)) return path;
  const fs::path wanted = fs::path(path) / name;
  std::vector<std::string> found;
  boost::system::error_code missing;
  for (fs::directory_iterator entry(wanted.parent_path(), missing), end; entry != end; ++entry) {
    const fs::path& candidate = entry->path();
    if (StemOf(candidate.string()) == StemOf(name) && HasImageExtension(candidate.string()))
      found.push_back(candidate.string());
  }
  std::ranges::sort(found);
  if (found.size() > 1)
    Fail(wanted.parent_path().string() + ": " + found[0] + " and " + found[1] +
         " are both called as " + name + "; leave one of them");
  return found.empty() ? "" : found.front();
}

std::string RequireCompanion(const std::string& path, const std::string& name,
                             const std::string& what) {
  const std::string found = FindCompanion(path, name);
  if (found.empty())
    Fail((fs::path(path) / name).parent_path().string() + ": no " + what + " for " + name +
         "; put an image of that name there");
  return found;
}

bool IsOneFile(const std::vector<std::string>& words) {
  return words.size() == 1 && !IsList(words[0]) && !IsPattern(words[0]) &&
         (!IsFolder(words[0]) || IsDicomFolder(words[0]));
}

}  // namespace gmmseg
