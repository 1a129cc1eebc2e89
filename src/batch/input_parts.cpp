#include "batch/input_parts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/random.h"
#include "batch/load_input.h"

namespace gmmseg {
namespace {

std::uint64_t Number(const std::string& text) {
  std::uint64_t number = 0;
  for (const unsigned char c : text) number = number * 131 + c;
  return number;
}

}  // namespace

InputParts::InputParts(const InputList& inputs, const std::vector<std::int64_t>& num_cells,
                       int window)
    : inputs_(inputs), num_cells_(num_cells), window_(window), first_{0} {
  for (const std::int64_t count : num_cells_)
    first_.push_back(first_.back() + std::max<std::int64_t>(1, count));
}

InputParts::Place InputParts::At(std::int64_t part) const {
  const auto after = std::ranges::upper_bound(first_, part);
  const std::int64_t file = after - first_.begin() - 1;
  return {file, part - first_[file], part + 1 == *after};
}

Share InputParts::ShareOfFiles(const Ranks* ranks) const {
  const auto start_of_file = [this](std::int64_t part) {
    return part == size() ? part : part - At(part).cell;
  };
  const Share share = ShareOf(size(), ranks);
  return {start_of_file(share.first), start_of_file(share.behind)};
}

std::uint64_t InputParts::IdentityOf(std::int64_t part, const std::string& hash) const {
  const auto [file, cell, is_last] = At(part);
  if (IsHeld(file)) return Number(hash);
  return Hash(Number(inputs_.files[file].name), 0, static_cast<std::uint64_t>(cell));
}

LoadedImage InputParts::Load(std::int64_t part, WholeHash hash) {
  const auto [file, cell, is_last] = At(part);
  const JobInput input = JobInputOf(inputs_.files[file]);
  if (IsHeld(file)) return LoadInput(input);
  LoadedImage loaded;
  loaded.raster = Open(file)->cells.Read(cell);
  if (cell == 0 && hash == WholeHash::kKnown) loaded.hash = HashOfInput(input);
  return loaded;
}

std::shared_ptr<InputParts::Scene> InputParts::Open(std::int64_t file) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Scene>& scene = open_[file];
  if (!scene) {
    scene = std::make_shared<Scene>(OpenBlocks(inputs_.files[file].path, inputs_.files[file].read));
    open_.erase(open_.begin(), open_.lower_bound(file - window_));
  }
  return scene;
}

}  // namespace gmmseg
