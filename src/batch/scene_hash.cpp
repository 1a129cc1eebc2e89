#include "batch/scene_hash.h"

#include <utility>

#include "base/byte_text.h"
#include "base/share.h"

namespace gmmseg {

SceneHash::SceneHash(const JobInput& input, Ranks* ranks) : options_(input.read), ranks_(ranks) {
  if (ranks == nullptr || !input.read.channels.empty()) {
    if (IsFirst(ranks))
      alone_ =
          std::async(std::launch::async, [&input] { return HashImage(input.image, input.read); });
    return;
  }
  files_.emplace(OpenMap(input.image, ValueMeaning::kLabel).files);
  share_ = std::async(std::launch::async, [this] {
    std::vector<std::string> hashes;
    const Share share = ShareOf(files_->num_parts(), ranks_);
    for (std::int64_t part = share.first; part < share.behind && !stops_; ++part)
      hashes.push_back(files_->OfPart(part));
    return hashes;
  });
}

SceneHash::~SceneHash() {
  stops_ = true;
  if (share_.valid()) share_.wait();
}

const std::string& SceneHash::Get() {
  if (!known_) known_ = ranks_ == nullptr ? alone_.get() : Unite();
  return *known_;
}

std::string SceneHash::Unite() {
  if (!files_) {
    std::string hash;
    if (ranks_->IsFirst()) hash = alone_.get();
    ranks_->Broadcast(0, hash);
    return hash;
  }
  std::vector<std::string> hashes = share_.get();
  const auto bytes = [&] {
    ByteWriter writer;
    for (const std::string& hash : hashes) writer.Put(hash);
    return writer.Take();
  };
  const auto join = [&](const std::string& others) {
    for (ByteReader reader(others); !reader.at_end();) hashes.push_back(reader.Next<std::string>());
  };
  gmmseg::Unite(*ranks_, bytes, join, [&](const std::string& all) {
    hashes.clear();
    join(all);
  });
  return HashOfTaken(files_->Of(hashes), options_);
}

}  // namespace gmmseg
