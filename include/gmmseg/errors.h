// The kinds of error. Every message says what, which value, which rule, and what to do; an
// inner cause is kept by appending it, never by replacing it.
#pragma once

#include <stdexcept>
#include <string>

namespace gmmseg {

class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The caller asked for something that cannot be: a bad option, mismatched shapes.
class ParameterError : public Error {
  using Error::Error;
};

// The world did not cooperate: a file that is missing, truncated or cannot be written.
class IoError : public Error {
 public:
  enum class Operation { kRead, kWrite };
  IoError(Operation operation, const std::string& message)
      : Error(message), operation_(operation) {}
  Operation operation() const { return operation_; }

 private:
  Operation operation_;
};

// The work does not fit into the memory that it may use.
class MemoryError : public Error {
  using Error::Error;
};

// We made a mistake: an invariant of the library does not hold.
class InternalError : public Error {
  using Error::Error;
};

}  // namespace gmmseg
