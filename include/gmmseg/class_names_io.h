// Names and colours of classes as a user writes them down: a CSV file.
#pragma once

#include <gmmseg/class_table.h>

#include <string>

namespace gmmseg {

// RFC 4180 in UTF-8, with or without a byte order mark, lines ending in LF or CRLF. The first line
// names the columns: `class` (1…65535, each at most once), `name` (1 to 200 characters, no control
// characters) and, if it is there, `color` ("#rrggbb", or empty for the colour that the class has).
// Other columns and empty lines are skipped. Throws IoError if the file is missing, unreadable or
// breaks a rule: the message names the file and the line.
ClassNames ReadClassNames(const std::string& path);

}  // namespace gmmseg
