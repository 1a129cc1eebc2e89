#include "batch/rank_progress.h"

#include <string>

#include "base/byte_text.h"
#include "base/share.h"

namespace gmmseg {

RankProgress::RankProgress(Ranks* ranks, const JobObserver& observer)
    : ranks_(ranks), observer_(observer), of_ranks_(ranks == nullptr ? 1 : ranks->size()) {
  if (ranks == nullptr || !ranks->IsFirst()) return;
  ranks->AnswerWith([this](int rank, const std::string& bytes) {
    ByteReader reader(bytes);
    Take(rank, reader.Next<JobProgress>());
    return std::string();
  });
}

RankProgress::~RankProgress() {
  if (ranks_ != nullptr && ranks_->IsFirst()) ranks_->AnswerWith({});
}

JobObserver RankProgress::Observer() {
  if (ranks_ == nullptr) return observer_;
  if (ranks_->IsFirst()) return [this](const JobProgress& progress) { Take(0, progress); };
  return [this](const JobProgress& progress) {
    if (progress.num_pixels == 0) return;  // all fit alike
    // Now and then: rank 0 hears of many.
    constexpr double kPause = 0.2;  // seconds
    const std::lock_guard lock(mutex_);
    const bool is_new = progress.stage != shown_.stage;
    if (!is_new && since_told_.Seconds() < kPause) return;
    since_told_ = {};
    shown_ = progress;
    ByteWriter writer;
    writer.Put(progress);
    ranks_->Ask(writer.Take());
  };
}

// Pixels are those of all ranks that are where rank 0 is, which has begun.
void RankProgress::Take(int rank, const JobProgress& progress) {
  const std::lock_guard lock(mutex_);
  of_ranks_[rank] = progress;
  if (!observer_) return;
  if (rank == 0)
    shown_ = progress;
  else if (shown_.num_pixels == 0)
    return;
  if (shown_.num_pixels > 0) {
    shown_.pixels_done = 0;
    for (const JobProgress& each : of_ranks_)
      if (each.stage == shown_.stage) shown_.pixels_done += each.pixels_done;
  }
  observer_(shown_);
}

}  // namespace gmmseg
