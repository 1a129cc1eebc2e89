// Sentences for people.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gmmseg {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// printf's text, of at most 255 bytes.
__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...);

// "1 image", "3 images"
std::string Count(std::int64_t n, const std::string& noun, const std::string& plural);

}  // namespace gmmseg
