// Numbers in the texts of files, which have a point whatever the program's locale says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gmmseg {

// The number that the text begins with, behind blanks and a sign; whatever follows it is not looked
// at. Nothing where there is none, or none that a double can hold.
std::optional<double> NumberAtFront(std::string_view text);

// With so many digits behind the point, as printf's "%.*f".
std::string FixedText(double value, int digits);

// The nearest number of so many significant digits, 17 at most.
double RoundedTo(int digits, double value);

}  // namespace gmmseg
