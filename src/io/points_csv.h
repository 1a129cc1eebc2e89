// Points drawn from a model, as CSV.
#pragma once

#include <gmmseg/model.h>

#include <cstdint>
#include <functional>
#include <string>

namespace gmmseg {

// The header "component,<names of the features>", then n rows in the order of the components, which
// count from 1 as labels do; in the user's units, nine significant digits. `take` gets the text
// piece by piece. The same text for the same seed. Throws ParameterError as Sample does, before the
// first piece.
void WritePointsCsv(const Model& model, std::int64_t n, std::uint64_t seed,
                    const std::function<void(const std::string& text)>& take);

}  // namespace gmmseg
