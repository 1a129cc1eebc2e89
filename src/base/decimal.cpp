#include "base/decimal.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace gmmseg {

std::optional<double> NumberAtFront(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::string FixedText(double value, int digits) {
  constexpr std::size_t kMostBefore = 320;
  std::string text(kMostBefore + digits, '\0');
  const auto [stop, error] = std::to_chars(text.data(), text.data() + text.size(), value,
                                           std::chars_format::fixed, digits);
  text.resize(stop - text.data());
  return text;
}

double RoundedTo(int digits, double value) {
  char text[32];
  const auto [stop, error] =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits);
  std::from_chars(text, stop, value);
  return value;
}

}  // namespace gmmseg
