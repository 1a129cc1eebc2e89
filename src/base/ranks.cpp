#include <gmmseg/ranks.h>

namespace gmmseg {

void Meet(Ranks& ranks) {
  std::int64_t nothing = 0;
  ranks.Sum({&nothing, 1});
}

}  // namespace gmmseg
