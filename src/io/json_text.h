#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gmmseg {

// JSON for readers: indented, but a list or object that holds no other stands on one line. Numbers
// survive a round trip bit for bit. Throws InternalError for a number that JSON cannot hold.
std::string ToText(const nlohmann::ordered_json& json);

// Whether JSON can hold the bytes as they are.
bool IsUtf8(const std::string& bytes);

}  // namespace gmmseg
