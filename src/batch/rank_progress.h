// What all ranks of a job have done, told by the first.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/ranks.h>

#include <mutex>
#include <vector>

#include "base/stopwatch.h"

namespace gmmseg {

// While it lives, rank 0 answers the others, who tell it of theirs.
class RankProgress {
 public:
  // `observer` is rank 0's, and is called from one thread at a time; of the others it is not looked
  // at. Without ranks it is all there is.
  RankProgress(Ranks* ranks, const JobObserver& observer);
  ~RankProgress();  // after all others have told their last
  RankProgress(const RankProgress&) = delete;
  RankProgress& operator=(const RankProgress&) = delete;

  // What a rank's work is to tell.
  JobObserver Observer();

 private:
  void Take(int rank, const JobProgress& progress);

  Ranks* ranks_;
  const JobObserver& observer_;
  std::mutex mutex_;
  JobProgress shown_;  // by rank 0, or told by another
  Stopwatch since_told_;
  std::vector<JobProgress> of_ranks_;
};

}  // namespace gmmseg
