#include "batch/folder_ranks.h"

#include <algorithm>
#include <utility>

#include "base/byte_text.h"
#include "batch/manifest.h"

namespace gmmseg {

FolderRanks::FolderRanks(Ranks& ranks, std::int64_t num_images, OnFailure on_failure,
                         FolderDesk desk)
    : ranks_(ranks),
      num_images_(num_images),
      end_(num_images),
      on_failure_(on_failure),
      desk_(std::move(desk)),
      progress_(ranks.size()) {
  if (ranks.IsFirst())
    ranks.AnswerWith(
        [this](int rank, const std::string& request) { return Answer(rank, request); });
}

FolderRanks::~FolderRanks() {
  if (ranks_.IsFirst()) ranks_.AnswerWith({});
}

std::int64_t FolderRanks::NextImage() {
  ByteWriter writer;
  writer.Put(Request::kNext);
  const std::string answer = ranks_.Ask(writer.Take());
  return ByteReader(answer).Next<std::int64_t>();
}

void FolderRanks::Append(const ImageRecord& record) {
  ByteWriter writer;
  writer.Put(Request::kAppend);
  writer.Put(LineOf(record));
  ranks_.Ask(writer.Take());
}

void FolderRanks::Finish(std::int64_t image, const RankOutcome& outcome) {
  ByteWriter writer;
  writer.Put(Request::kFinish);
  writer.Put(image);
  writer.Put(LineOf(outcome.record));
  writer.Put(outcome.kept);
  writer.Put(outcome.words);
  ranks_.Ask(writer.Take());
}

void FolderRanks::Report(const FolderProgress& progress) {
  ByteWriter writer;
  writer.Put(Request::kProgress);
  writer.Put(progress);
  ranks_.Ask(writer.Take());
}

std::string FolderRanks::Answer(int rank, const std::string& request) {
  const std::lock_guard lock(mutex_);
  ByteReader reader(request);
  ByteWriter answer;
  switch (reader.Next<Request>()) {
    case Request::kNext:
      answer.Put(next_ < end_ ? next_++ : num_images_);
      break;
    case Request::kAppend:
      desk_.append(RecordOfLine(reader.Next<std::string>()));
      break;
    case Request::kFinish: {
      const auto image = reader.Next<std::int64_t>();
      RankOutcome outcome;
      outcome.record = RecordOfLine(reader.Next<std::string>());
      reader.Get(outcome.kept);
      reader.Get(outcome.words);
      Take(image, std::move(outcome));
      break;
    }
    case Request::kProgress:
      Show(rank, reader.Next<FolderProgress>());
      break;
  }
  return answer.Take();
}

void FolderRanks::Take(std::int64_t image, RankOutcome outcome) {
  if (on_failure_ == OnFailure::kStop && outcome.record.status == ImageStatus::kFailed)
    end_ = next_;  // those that are begun are finished
  waiting_.emplace(image, std::move(outcome));
  for (auto first = waiting_.begin(); first != waiting_.end() && first->first == told_;
       first = waiting_.begin()) {
    desk_.tell(told_++, first->second);
    waiting_.erase(first);
  }
}

// Images are those of all ranks that do what rank 0 does; all of them fit the same.
void FolderRanks::Show(int rank, const FolderProgress& progress) {
  progress_[rank] = progress;
  FolderProgress shown = progress_.front();
  if (!desk_.progress || shown.num_images == 0) return;  // rank 0 has not begun
  if (shown.stage != FolderStage::kFitting) {
    shown.images_done = 0;
    for (const FolderProgress& each : progress_)
      if (each.stage == shown.stage) shown.images_done += each.images_done;
  }
  shown.images_done = std::min(shown.images_done, shown.num_images);
  desk_.progress(shown);
}

}  // namespace gmmseg
