// Work of other people's code on files that may be damaged, in a process of its own: an assertion
// that fails there, or a bad pointer, ends that process and not the program.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace gmmseg {

using EmitBytes = std::function<void(std::span<const unsigned char>)>;

// All bytes that the work emits, in order; nothing where the work threw or its process ended early.
// What the work prints is not seen. It may not wait for other threads, which its process lacks.
// Throws Error where no process can be had.
std::optional<std::vector<unsigned char>> RunContained(
    const std::function<void(const EmitBytes&)>& work);

// Memory that such processes do not get while this lives, as far as it fills pages: starting one
// takes the longer, the more memory there is to share. The work may not touch it.
class Withheld {
 public:
  explicit Withheld(std::span<unsigned char> memory);
  ~Withheld();
  Withheld(const Withheld&) = delete;
  Withheld& operator=(const Withheld&) = delete;

 private:
  std::span<unsigned char> pages_;
};

}  // namespace gmmseg
