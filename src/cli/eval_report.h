// The scores of label maps as a table to read, and as files.
#pragma once

#include <gmmseg/eval_job.h>

#include <optional>
#include <string>
#include <vector>

namespace gmmseg::cli {

struct EvalReport {
  EvalInputs inputs;
  EvaluationOptions options;
  std::vector<std::vector<ImageScores>> scores;  // [setting][image]
  SettingsScores comparison;
  std::optional<double> seconds;  // not of a file, which is the same each time
};

// A line for each image, and one for all; of several settings a line for each setting, and those of
// ODS and OIS. Measures without any value have no column.
std::string TableText(const EvalReport& report);

// A row for each setting and image.
std::string CsvText(const EvalReport& report);

std::string JsonText(const EvalReport& report);

}  // namespace gmmseg::cli
