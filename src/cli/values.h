// From the words of a command line to values. Each throws ParameterError saying the rule; the
// option's name and the word itself are added by the caller.
#pragma once

#include <gmmseg/job.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gmmseg::cli {

// The word of --regions for as many as there are at a level; it stands for no word, too.
inline constexpr const char* kAutoRegions = "auto";

std::int64_t ParseInteger(const std::string& word, std::int64_t lowest, std::int64_t highest);
// "4", "2:8", or "auto", which is ComponentRange's default.
std::variant<int, ComponentRange> ParseComponents(const std::string& word);
// A number of regions; nothing for "auto".
std::optional<std::int64_t> ParseRegions(const std::string& word);
std::uint64_t ParseSeed(const std::string& word);
std::int64_t ParseSize(const std::string& word);  // bytes: "512M", "2G", "1048576"
double ParseRate(const std::string& word);        // between 0 and 1
double ParseShare(const std::string& word);       // 0 to 1
double ParseNonNegative(const std::string& word);
double ParsePositive(const std::string& word);  // and finite
// "off" is 0; "auto" nothing; else 0 to 1, 1 excluded.
std::optional<double> ParseShrinkage(const std::string& word);
// "auto", "off", "guided", "potts", or a number > 0: Potts of that strength.
double ParseResolution(const std::string& word);  // mm
bool ParseNeighbours(const std::string& word);    // whether 26
void ParseSmooth(const std::string& word, SmoothOptions& smooth);
Floor ParseFloor(const std::string& word);                       // "on", "off"
Acceleration ParseAcceleration(const std::string& word);         // "on", "off"
ProbabilityDepth ParseDepth(const std::string& word);            // "f32", "u16", "u8"
Naming ParseNaming(const std::string& word);                     // "plain", "bids"
Window ParseExtent(const std::string& word);                     // "x,y,width,height"
DisplayWindow ParseDisplayWindow(const std::string& word);       // "centre,width"
std::vector<std::int64_t> ParseSlices(const std::string& word);  // "40,60"; none for "middle"
std::vector<int> ParseBands(const std::string& word);            // "4,3,2"; none for "all"
OutputSet ParseOutputs(const std::string& comma_separated);      // "all" or words of ParseOutput

}  // namespace gmmseg::cli
