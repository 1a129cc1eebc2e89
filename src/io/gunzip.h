// What gzip has packed, read from the front.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <span>
#include <string>

namespace gmmseg {

bool IsGzip(std::span<const unsigned char> bytes);

// The members of a gzip file (RFC 1952), one after another, as one stream.
class GzipInput {
 public:
  explicit GzipInput(std::span<const unsigned char> bytes);
  ~GzipInput();
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;

  // How many of the next bytes it gives: fewer than there is room for at the end alone, or where
  // the file can be read no further, which problem() then tells.
  std::size_t Read(std::span<unsigned char> out);
  // Empty where nothing is wrong.
  const std::string& problem() const { return problem_; }

 private:
  enum class Step { kGoOn, kStop };
  Step Inflate();
  Step AfterMember();

  std::span<const unsigned char> left_;  // behind what zlib has been given
  z_stream stream_{};
  bool ended_ = false;
  std::string problem_;
};

}  // namespace gmmseg
