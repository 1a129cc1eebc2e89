#pragma once

namespace gmmseg::cli {

enum ExitCode {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kSomeFailed = 3,
  kBadInput = 4,
  kTooLittleMemory = 5,
  kNotStrict = 6,  // written, but not as --strict wants it
};

}  // namespace gmmseg::cli
