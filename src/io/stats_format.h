// What the writer and the reader of `a.stats` must agree on.
#pragma once

#include <gmmseg/image_stats.h>

#include <nlohmann/json.hpp>
#include <string>

namespace gmmseg {

inline constexpr char kStatsFormat[] = "gmmseg-stats";
inline constexpr int kStatsVersion = 1;  // of the format; raised when an old reader would go wrong

// What WriteStats writes.
std::string StatsText(const ImageStats& stats);

// Of all but the checksum itself, whatever the file's layout.
std::string ChecksumOf(nlohmann::json stats);

}  // namespace gmmseg
