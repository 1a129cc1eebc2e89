#include "cli/found_inputs.h"

#include <gmmseg/errors.h>

#include "cli/folder_report.h"
#include "cli/output.h"

namespace gmmseg::cli {

void CheckFound(const InputList& inputs, const std::vector<std::string>& words,
                Verbosity verbosity) {
  const std::string skipped = SkippedLine(inputs.skipped);
  if (inputs.files.empty())
    throw IoError(IoError::Operation::kRead,
                  words.front() + (words.size() > 1 ? " and others" : "") + ": no image found" +
                      (skipped.empty() ? "" : "; " + skipped));
  if (!skipped.empty() && verbosity != Verbosity::kQuiet) Tell(skipped);
}

}  // namespace gmmseg::cli
