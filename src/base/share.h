// What ranks do of a job, and how they bring together what came of it.
#pragma once

#include <gmmseg/ranks.h>

#include <cstdint>
#include <string>

namespace gmmseg {

// Of 0 … count-1 those from `first` to before `behind`.
struct Share {
  std::int64_t first = 0, behind = 0;

  std::int64_t size() const { return behind - first; }
};

// This rank's: the shares of ranks 0, 1, … follow each other and differ by at most one. All of it
// without ranks.
inline Share ShareOf(std::int64_t count, const Ranks* ranks) {
  if (ranks == nullptr) return {0, count};
  const auto start = [count, size = std::int64_t{ranks->size()}](std::int64_t rank) {
    return count / size * rank + count % size * rank / size;
  };
  return {start(ranks->rank()), start(ranks->rank() + 1)};
}

inline bool IsFirst(const Ranks* ranks) { return ranks == nullptr || ranks->IsFirst(); }

// Brings together what each rank has: `bytes()` gives it, `join(bytes)` adds to it what the ranks
// behind this one have, and at the end `take(bytes)` replaces it by what rank 0 has come to. In
// pairs, then pairs of pairs: a rank sends once and receives log2(size) times.
template <typename Bytes, typename Join, typename Take>
void Unite(Ranks& ranks, const Bytes& bytes, const Join& join, const Take& take) {
  for (int step = 1; step < ranks.size(); step *= 2) {
    if (ranks.rank() % (2 * step) != 0) {
      ranks.Send(ranks.rank() - step, bytes());
      break;
    }
    if (ranks.rank() + step < ranks.size()) join(ranks.Receive(ranks.rank() + step));
  }
  std::string all;
  if (ranks.IsFirst()) all = bytes();
  ranks.Broadcast(0, all);
  if (!ranks.IsFirst()) take(all);
}

}  // namespace gmmseg
