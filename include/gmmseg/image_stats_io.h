// The statistics file, `a.stats`: JSON, versioned, with a checksum over all of it.
//
// Its keys: format ("gmmseg-stats"), version, program; model, the hash of the mixture that the
// statistics were taken at; inputs, the name and the hash of each image; centers [K][D] and blocks,
// in the model's plane units; sums: n, log-likelihood, s0 [K], s1 [K·D], s2 [K·packed] of
// MixtureStats; floor: ImageStats::floor; checksum. A sum is 32 hexadecimal digits, a big-endian
// integer in two's complement that counts 2^-60: in Python, int.from_bytes(bytes.fromhex(text),
// "big", signed=True) / 2**60.
#pragma once

#include <gmmseg/image_stats.h>

#include <string>

namespace gmmseg {

// Writes the same bytes for the same statistics. Throws IoError if the file cannot be written.
void WriteStats(const std::string& path, const ImageStats& stats);

// Throws IoError if the file is missing, no statistics file, of a newer version, truncated or
// changed.
ImageStats ReadStats(const std::string& path);

// Whether the file begins as one of statistics does; false where it cannot be read.
bool IsStatsFile(const std::string& path);

}  // namespace gmmseg
