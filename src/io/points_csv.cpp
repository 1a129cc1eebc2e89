#include "io/points_csv.h"

#include <charconv>
#include <string_view>

#include "mixture/sampling.h"

namespace gmmseg {
namespace {

// In quotes where a comma, a quote or a line's end would be taken for CSV's own.
std::string Cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

// Fewer digits than a double has: the last of them differ between mathematical libraries.
void AppendNumber(double value, std::string& text) {
  constexpr int kDigits = 9;
  char digits[32];
  const char* end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, kDigits).ptr;
  text.append(std::string_view(digits, end));
}

std::string Header(const Model& model) {
  std::string line = "component";
  for (const FeatureInfo& feature : model.features.info)
    line.append(1, ',').append(Cell(feature.name));
  return line.append(1, '\n');
}

}  // namespace

void WritePointsCsv(const Model& model, std::int64_t n, std::uint64_t seed,
                    const std::function<void(const std::string& text)>& take) {
  constexpr std::size_t kPiece = 1 << 16;
  CheckSampling(model.mixture(), n);
  std::string text = Header(model);
  VisitSamples(model.mixture(), n, seed, [&](int component, const Eigen::VectorXd& point) {
    text += std::to_string(component + 1);
    for (const double value : point) {
      text += ',';
      AppendNumber(value, text);
    }
    text += '\n';
    if (text.size() < kPiece) return;
    take(text);
    text.clear();
  });
  take(text);
}

}  // namespace gmmseg
