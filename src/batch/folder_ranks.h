// What the ranks of a folder job tell each other: the first hands out the images, keeps the
// manifest, and tells what became of each.
#pragma once

#include <gmmseg/folder_job.h>
#include <gmmseg/ranks.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gmmseg {

// One image at its end.
struct RankOutcome {
  ImageRecord record;
  bool kept = false;
  std::string words;  // of FolderObserver::words
};

// What rank 0 does with it, one call at a time.
struct FolderDesk {
  std::function<void(const ImageRecord&)> append;  // to the manifest; from any thread
  std::function<void(std::int64_t image, const RankOutcome&)> tell;  // in the order of the images
  std::function<void(const FolderProgress&)> progress;
};

class FolderRanks {
 public:
  // While it lives, rank 0 answers. Of the others the desk is not looked at.
  FolderRanks(Ranks& ranks, std::int64_t num_images, OnFailure on_failure, FolderDesk desk);
  ~FolderRanks();  // after all others have asked their last
  FolderRanks(const FolderRanks&) = delete;
  FolderRanks& operator=(const FolderRanks&) = delete;

  // From any thread of any rank. The first image that nobody has; `num_images` where none is left,
  // or one failed that the job is to stop at.
  std::int64_t NextImage();
  void Append(const ImageRecord& record);
  void Finish(std::int64_t image, const RankOutcome& outcome);
  void Report(const FolderProgress& progress);

 private:
  enum class Request : char { kNext, kAppend, kFinish, kProgress };
  std::string Answer(int rank, const std::string& request);
  void Take(std::int64_t image, RankOutcome outcome);
  void Show(int rank, const FolderProgress& progress);

  Ranks& ranks_;
  std::int64_t num_images_, end_;  // of all, and of those that are handed out
  OnFailure on_failure_;
  FolderDesk desk_;
  std::mutex mutex_;
  std::int64_t next_ = 0;  // to be handed out
  std::int64_t told_ = 0;
  std::map<std::int64_t, RankOutcome> waiting_;  // for those before them
  std::vector<FolderProgress> progress_;         // by rank
};

}  // namespace gmmseg
