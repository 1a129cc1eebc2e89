#include <gmmseg/errors.h>
#include <gmmseg/eval_job.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/filesystem/operations.hpp>
#include <map>
#include <set>
#include <string_view>

#include "batch/output_names.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// As OutputName(stem, Output::kLabels) has it, and as BIDS names label maps.
constexpr std::string_view kOurs[] = {"_labels", "_dseg"};
constexpr std::string_view kExtensions[] = {".png", ".tif", ".tiff", ".pgm", ".nii", ".nii.gz"};

[[noreturn]] void Fail(const std::string& what) { throw IoError(IoError::Operation::kRead, what); }

bool IsFolder(const std::string& path) {
  boost::system::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_not_found || status.type() == fs::status_error)
    Fail(path + ": no such file or folder; name label maps, or folders of label maps");
  return fs::is_directory(status);
}

// Without a slash at the end.
std::string NameOfFolder(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string ImageName(const std::string& path) {
  std::string stem = StemOf(path);
  for (const std::string_view ours : kOurs)
    if (stem.ends_with(ours)) return stem.substr(0, stem.size() - ours.size());
  return stem;
}

bool IsOurs(const std::string& path) { return ImageName(path) != StemOf(path); }

bool IsLabelMap(const fs::path& path) {
  boost::system::error_code ignored;
  const std::string name = path.filename().string();
  return !name.starts_with('.') && fs::is_regular_file(path, ignored) &&
         std::ranges::any_of(kExtensions, [&](std::string_view extension) {
           return boost::algorithm::iends_with(name, extension);
         });
}

// Sorted; at least one.
std::vector<std::string> LabelMapsIn(const std::string& folder) {
  boost::system::error_code error;
  std::vector<std::string> paths;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (IsLabelMap(entry->path())) paths.push_back(entry->path().string());
  if (error) Fail(folder + ": the folder cannot be read (" + error.message() + ")");
  if (std::ranges::any_of(paths, &IsOurs))
    std::erase_if(paths, [](const std::string& path) { return !IsOurs(path); });
  if (paths.empty())
    Fail(folder + ": holds no label map; name a folder of PNG, TIFF, PGM or NIfTI files");
  std::ranges::sort(paths);
  return paths;
}

using FilesByName = std::map<std::string, std::string>;

FilesByName ByName(const std::vector<std::string>& paths) {
  FilesByName files;
  for (const std::string& path : paths) {
    const auto [other, is_new] = files.emplace(ImageName(path), path);
    if (!is_new)
      Fail(other->second + " and " + path + " are label maps of one name; leave one of them");
  }
  return files;
}

// The name without the number of a truth, and that number; 0 where there is none.
std::pair<std::string, int> WithoutNumber(const std::string& name) {
  constexpr std::size_t kMostDigits = 6;
  const std::size_t line = name.rfind('_');
  if (line == name.npos || line == 0) return {name, 0};
  const std::string digits = name.substr(line + 1);
  if (digits.empty() || digits.size() > kMostDigits ||
      digits.find_first_not_of("0123456789") != digits.npos)
    return {name, 0};
  return {name.substr(0, line), std::stoi(digits)};
}

// The truths that were given, by the images' names.
class Truths {
 public:
  explicit Truths(const std::vector<std::string>& words) : words_(words) {
    for (const std::string& word : words)
      if (IsFolder(word))
        for (const auto& [name, path] : ByName(LabelMapsIn(word))) Add(name, path);
      else
        Add(ImageName(word), word);
  }

  // Of many images. Not empty.
  std::vector<std::string> Of(const std::string& name, const std::string& prediction) const {
    if (const auto same = same_name_.find(name); same != same_name_.end()) return same->second;
    std::vector<std::string> paths;
    if (const auto found = numbered_.find(name); found != numbered_.end())
      for (const auto& [number, path] : found->second) paths.push_back(path);
    if (paths.empty())
      Fail(prediction + ": has no truth in " + words_.front() +
           (words_.size() > 1 ? " and the others" : "") + "; call it " + name + ".png, or " + name +
           "_1.png and so on where there are several");
    return paths;
  }

  // Those that none of the images has, sorted.
  std::vector<std::string> Without(const std::vector<EvalImage>& images) const {
    std::set<std::string> unused;
    for (const auto& [name, paths] : same_name_) unused.insert(paths.begin(), paths.end());
    for (const EvalImage& image : images)
      for (const std::string& path : image.truths) unused.erase(path);
    return {unused.begin(), unused.end()};
  }

 private:
  void Add(const std::string& name, const std::string& path) {
    same_name_[name].push_back(path);
    if (const auto [stem, number] = WithoutNumber(name); stem != name)
      numbered_[stem].emplace(number, path);
  }

  const std::vector<std::string>& words_;
  std::map<std::string, std::vector<std::string>> same_name_;
  std::map<std::string, std::multimap<int, std::string>> numbered_;
};

struct Setting {
  std::string name;
  FilesByName predictions;
};

std::vector<Setting> SettingsOf(const std::vector<std::string>& predictions) {
  const auto file = std::ranges::find_if_not(predictions, &IsFolder);
  if (std::ranges::none_of(predictions, &IsFolder)) return {{"", ByName(predictions)}};
  if (file != predictions.end())
    throw ParameterError(*file +
                         ": is a file among folders, each of which is a setting; give label maps "
                         "alone, or folders alone");
  std::vector<Setting> settings;
  for (const std::string& folder : predictions)
    settings.push_back({NameOfFolder(folder), ByName(LabelMapsIn(folder))});
  return settings;
}

void CheckSameImages(const Setting& setting, const Setting& other) {
  for (const auto& [name, path] : setting.predictions)
    if (!other.predictions.contains(name))
      Fail(other.name + ": holds no label map of " + name + ", as " + path +
           " is one; every setting must label the same images");
}

// Whose truths may have any names.
bool IsOneImage(const std::vector<std::string>& predictions,
                const std::vector<std::string>& truths) {
  return predictions.size() == 1 && !IsFolder(predictions.front()) &&
         std::ranges::none_of(truths, &IsFolder);
}

}  // namespace

EvalInputs FindEvalInputs(const std::vector<std::string>& predictions,
                          const std::vector<std::string>& truths) {
  const std::vector<Setting> settings = SettingsOf(predictions);
  EvalInputs inputs;
  for (const Setting& setting : settings) {
    CheckSameImages(setting, settings.front());
    CheckSameImages(settings.front(), setting);
    inputs.settings.push_back(setting.name);
  }
  const bool is_one_image = IsOneImage(predictions, truths);
  const Truths by_name(truths);
  for (const auto& [name, path] : settings.front().predictions) {
    EvalImage image{name, is_one_image ? truths : by_name.Of(name, path), {}};
    for (const Setting& setting : settings)
      image.predictions.push_back(setting.predictions.at(name));
    inputs.images.push_back(std::move(image));
  }
  inputs.unused_truths = by_name.Without(inputs.images);
  return inputs;
}

}  // namespace gmmseg
