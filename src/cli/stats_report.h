// What the program says of statistics and of a step that was made from them.
#pragma once

#include <gmmseg/image_stats.h>

#include <cstdint>
#include <optional>
#include <string>

#include "cli/options.h"

namespace gmmseg::cli {

struct StatsReport {
  Command command = Command::kStats;
  std::string output;
  std::int64_t num_images = 0;
  std::int64_t num_pixels = 0;           // with data
  const Model* model = nullptr;          // that the statistics were taken at, where it is at hand
  std::optional<double> log_likelihood;  // of it, per pixel
  const ModelUpdate* update = nullptr;   // of kUpdate
  double seconds = 0;
};

// "3 images, 463203 pixels with data, log-likelihood -10.1234 per pixel, 0.04 s -> a.stats"
std::string LineText(const StatsReport& report);

std::string JsonText(const StatsReport& report);

}  // namespace gmmseg::cli
