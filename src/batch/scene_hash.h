// The hash of a raster that is not held, found beside its first reading.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/ranks.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "io/map_reader.h"

namespace gmmseg {

// As HashImage has it. Ranks read a share of the files each; with channels rank 0 reads all.
class SceneHash {
 public:
  SceneHash(const JobInput& input, Ranks* ranks);
  ~SceneHash();  // before Get(): what is not read stays so
  SceneHash(const SceneHash&) = delete;
  SceneHash& operator=(const SceneHash&) = delete;

  // Waits for it; of ranks all call it.
  const std::string& Get();
  // The same of one process, for who need not wait for it. Of ranks there is none.
  const std::shared_future<std::string>& alone() const { return alone_; }

 private:
  std::string Unite();

  const ReadOptions& options_;
  Ranks* ranks_;
  std::shared_future<std::string> alone_;
  std::optional<HashOfFiles> files_;
  std::atomic<bool> stops_{false};
  std::future<std::vector<std::string>> share_;  // of the files' parts
  std::optional<std::string> known_;
};

}  // namespace gmmseg
