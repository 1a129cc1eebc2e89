// Inputs part by part: images that are held, one part each, and cells of those that are not.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/image_io.h>
#include <gmmseg/inputs.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/share.h"
#include "stream/cells.h"

namespace gmmseg {

class InputParts {
 public:
  // `num_cells` of each file: 0 where it is held. At most `window` parts are looked at at a time,
  // one after another.
  InputParts(const InputList& inputs, const std::vector<std::int64_t>& num_cells, int window);

  struct Place {
    std::int64_t file = 0, cell = 0;
    bool is_last = false;  // of its file
  };
  std::int64_t size() const { return first_.back(); }
  Place At(std::int64_t part) const;
  // This rank's: whole files.
  Share ShareOfFiles(const Ranks* ranks) const;
  // Whatever its file holds, part and run make the same of it; different parts differ.
  std::uint64_t IdentityOf(std::int64_t part, const std::string& hash) const;
  // Whether the hash of a file that is not held is wanted: with its first part, it takes a reading
  // of all of it.
  enum class WholeHash { kUnknown, kKnown };
  // From any thread. Throws as LoadInput and BlockReader::Read do.
  LoadedImage Load(std::int64_t part, WholeHash hash = WholeHash::kUnknown);

 private:
  struct Scene {
    explicit Scene(std::unique_ptr<BlockReader> blocks) : reader(std::move(blocks)) {}
    std::unique_ptr<BlockReader> reader;
    CellReader cells{*reader};
  };
  bool IsHeld(std::int64_t file) const { return num_cells_[file] == 0; }
  std::shared_ptr<Scene> Open(std::int64_t file);

  const InputList& inputs_;
  std::vector<std::int64_t> num_cells_;
  int window_;
  std::vector<std::int64_t> first_;  // part of each file, and the number of all
  std::mutex mutex_;
  std::map<std::int64_t, std::shared_ptr<Scene>> open_;  // the last files that were looked at
};

}  // namespace gmmseg
