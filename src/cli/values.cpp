#include "cli/values.h"

#include <gmmseg/errors.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>

#include "base/words.h"

namespace gmmseg::cli {
namespace {

constexpr Word<Floor> kFloorWords[] = {{Floor::kOn, "on"}, {Floor::kOff, "off"}};
constexpr Word<Acceleration> kAccelerationWords[] = {{Acceleration::kOn, "on"},
                                                     {Acceleration::kOff, "off"}};
constexpr Word<ProbabilityDepth> kDepthWords[] = {{ProbabilityDepth::kFloat32, "f32"},
                                                  {ProbabilityDepth::kUint16, "u16"},
                                                  {ProbabilityDepth::kUint8, "u8"}};
constexpr Word<Naming> kNamingWords[] = {{Naming::kPlain, "plain"}, {Naming::kBids, "bids"}};

// The whole word as a number, or nothing.
template <typename T>
std::optional<T> Number(const std::string& word) {
  T value{};
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

OutputSet ParseOutputWord(const std::string& word) {
  constexpr std::string_view kAll = "all";
  if (word == kAll) return AllOutputs();
  try {
    return {ParseOutput(word)};
  } catch (const UnknownWord& unknown) {
    throw unknown.Beside(kAll);
  }
}

}  // namespace

std::int64_t ParseInteger(const std::string& word, std::int64_t lowest, std::int64_t highest) {
  const auto value = Number<std::int64_t>(word);
  if (!value || *value < lowest || *value > highest)
    throw ParameterError("must be a whole number from " + std::to_string(lowest) + " to " +
                         std::to_string(highest));
  return *value;
}

std::variant<int, ComponentRange> ParseComponents(const std::string& word) {
  constexpr int kMost = 65535;
  if (word == "auto") return ComponentRange();
  const std::size_t colon = word.find(':');
  const auto least = Number<int>(word.substr(0, colon));
  const auto most = colon == word.npos ? least : Number<int>(word.substr(colon + 1));
  if (!least || !most || *least < 1 || *most > kMost || *least > *most)
    throw ParameterError("must be a whole number from 1 to " + std::to_string(kMost) +
                         ", a range of them as in 2:8, or auto");
  if (colon == word.npos) return *least;
  return ComponentRange{*least, *most};
}

std::optional<std::int64_t> ParseRegions(const std::string& word) {
  constexpr std::int64_t kMost = 65535;
  if (word == kAutoRegions) return std::nullopt;
  const auto number = Number<std::int64_t>(word);
  if (!number || *number < 1 || *number > kMost)
    throw ParameterError("must be a whole number from 1 to " + std::to_string(kMost) + ", or " +
                         kAutoRegions);
  return number;
}

std::int64_t ParseSize(const std::string& word) {
  constexpr std::string_view kUnits = "KMGT";
  std::string digits = word;
  int shift = 0;
  if (const std::size_t unit = digits.empty() ? kUnits.npos : kUnits.find(digits.back());
      unit != kUnits.npos) {
    shift = 10 * (static_cast<int>(unit) + 1);
    digits.pop_back();
  }
  const auto value = Number<std::int64_t>(digits);
  if (!value || *value < 1 || *value > std::numeric_limits<std::int64_t>::max() >> shift)
    throw ParameterError(
        "must be a number of bytes, or one with K, M, G or T behind it, as in 512M");
  return *value << shift;
}

std::uint64_t ParseSeed(const std::string& word) {
  const auto value = Number<std::uint64_t>(word);
  if (!value)
    throw ParameterError("must be a whole number from 0 to " +
                         std::to_string(std::numeric_limits<std::uint64_t>::max()));
  return *value;
}

double ParseRate(const std::string& word) {
  const auto value = Number<double>(word);
  if (!value || !(*value > 0 && *value < 1))
    throw ParameterError("must be a number greater than 0 and less than 1");
  return *value;
}

double ParseShare(const std::string& word) {
  const auto value = Number<double>(word);
  if (!value || !(*value >= 0 && *value <= 1)) throw ParameterError("must be a number from 0 to 1");
  return *value;
}

double ParseNonNegative(const std::string& word) {
  const auto value = Number<double>(word);
  if (!value || !std::isfinite(*value) || *value < 0) throw ParameterError("must be a number >= 0");
  return *value;
}

double ParsePositive(const std::string& word) {
  const auto value = Number<double>(word);
  if (!value || !std::isfinite(*value) || !(*value > 0))
    throw ParameterError("must be a number > 0");
  return *value;
}

std::optional<double> ParseShrinkage(const std::string& word) {
  if (word == "off") return 0.0;
  if (word == "auto") return std::nullopt;
  const auto value = Number<double>(word);
  if (!value || !(*value >= 0 && *value < 1))
    throw ParameterError("must be auto, off, or a number from 0 to less than 1");
  return *value;
}

double ParseResolution(const std::string& word) {
  constexpr double kLeast = 10, kMost = 1e5;
  const std::optional<double> value = Number<double>(word);
  if (!value || !(*value >= kLeast && *value <= kMost))
    throw ParameterError("must be on, off, or a number of millimetres, 10 or more");
  return *value;
}

bool ParseNeighbours(const std::string& word) {
  if (word != "6" && word != "26") throw ParameterError("must be 6 or 26");
  return word == "26";
}

void ParseSmooth(const std::string& word, SmoothOptions& smooth) {
  smooth.beta = Number<double>(word);
  if (smooth.beta) {
    if (!std::isfinite(*smooth.beta) || *smooth.beta <= 0)
      throw ParameterError("a strength must be a number > 0; for none give off");
    smooth.method = SmoothMethod::kPotts;
    return;
  }
  try {
    smooth.method = ParseSmoothMethod(word);
  } catch (const ParameterError&) {
    throw ParameterError("must be auto, off, guided, potts, or a number > 0");
  }
}

Floor ParseFloor(const std::string& word) { return FromWord(word, kFloorWords, "floor"); }

Acceleration ParseAcceleration(const std::string& word) {
  return FromWord(word, kAccelerationWords, "acceleration");
}

ProbabilityDepth ParseDepth(const std::string& word) {
  return FromWord(word, kDepthWords, "depth");
}

Naming ParseNaming(const std::string& word) { return FromWord(word, kNamingWords, "naming"); }

Window ParseExtent(const std::string& word) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::vector<std::int64_t> numbers;
  std::istringstream words(word);
  for (std::string part; std::getline(words, part, ',');)
    numbers.push_back(ParseInteger(part, numbers.size() < 2 ? 0 : 1, kMost));
  if (numbers.size() != 4 || word.ends_with(','))
    throw ParameterError("must be x,y,width,height in pixels, as in 0,0,512,512");
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::vector<int> ParseBands(const std::string& word) {
  std::vector<int> bands;
  if (word == "all") return bands;
  std::istringstream words(word);
  for (std::string part; std::getline(words, part, ',');) {
    bands.push_back(static_cast<int>(ParseInteger(part, 1, 65535)));
    if (std::ranges::count(bands, bands.back()) > 1)
      throw ParameterError("names band " + part + " more than once");
  }
  if (bands.empty() || word.ends_with(','))
    throw ParameterError("must be all, or numbers of bands, as in 4,3,2");
  return bands;
}

DisplayWindow ParseDisplayWindow(const std::string& word) {
  const std::size_t comma = word.find(',');
  const auto centre = Number<double>(word.substr(0, comma));
  const auto width = comma == word.npos ? std::nullopt : Number<double>(word.substr(comma + 1));
  if (!centre || !width)
    throw ParameterError("must be a centre and a width in the image's units, as in 40,400");
  const DisplayWindow window{*centre, *width};
  CheckDisplayWindow(window);
  return window;
}

std::vector<std::int64_t> ParseSlices(const std::string& word) {
  std::vector<std::int64_t> slices;
  if (word == "middle") return slices;
  std::istringstream words(word);
  for (std::string part; std::getline(words, part, ',');)
    slices.push_back(ParseInteger(part, 1, std::int64_t{1} << 40));
  if (slices.empty() || word.ends_with(','))
    throw ParameterError("must be middle, or numbers of slices, as in 40,60,80");
  return slices;
}

OutputSet ParseOutputs(const std::string& comma_separated) {
  OutputSet outputs;
  std::istringstream words(comma_separated);
  for (std::string word; std::getline(words, word, ',');) outputs.merge(ParseOutputWord(word));
  if (outputs.empty()) throw ParameterError("must name at least one output");
  return outputs;
}

}  // namespace gmmseg::cli
