#include "io/json_text.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>

namespace gmmseg {
namespace {

using Json = nlohmann::ordered_json;

void AppendScalar(const Json& json, std::string& text) {
  if (json.is_number_float() && !std::isfinite(json.get<double>()))
    throw InternalError(
        "a number that is not finite cannot be written as JSON; please report this");
  // A file name may be any bytes; JSON is UTF-8.
  text += json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool IsFlat(const Json& json) {
  return std::none_of(json.begin(), json.end(), [](const Json& j) { return j.is_structured(); });
}

void NewLine(std::size_t indent, std::string& text) { text.append(1, '\n').append(indent, ' '); }

void Append(const Json& json, std::size_t indent, std::string& text) {
  if (!json.is_structured()) return AppendScalar(json, text);
  constexpr std::size_t kStep = 2;
  const bool flat = IsFlat(json);
  text += json.is_array() ? '[' : '{';
  for (auto item = json.begin(); item != json.end(); ++item) {
    if (item != json.begin()) text += flat ? ", " : ",";
    if (!flat) NewLine(indent + kStep, text);
    if (json.is_object()) text += Json(item.key()).dump() + ": ";
    Append(*item, indent + kStep, text);
  }
  if (!flat) NewLine(indent, text);
  text += json.is_array() ? ']' : '}';
}

}  // namespace

std::string ToText(const Json& json) {
  std::string text;
  Append(json, 0, text);
  text += '\n';
  return text;
}

bool IsUtf8(const std::string& bytes) {
  try {
    return !Json(bytes).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace gmmseg
