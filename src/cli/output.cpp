#include "cli/output.h"

#include <gmmseg/errors.h>

#include <iostream>

#include "cli/messages.h"

namespace gmmseg::cli {

void Print(const std::string& text, const std::string& what_stays) {
  std::cout << text << std::flush;
  if (!std::cout)
    throw IoError(IoError::Operation::kWrite, "stdout: cannot write the report; " + what_stays);
}

void Tell(const std::string& line) { std::cerr << "segment: " << OneLine(line) << "\n"; }

}  // namespace gmmseg::cli
