#include "io/gunzip.h"

#include <algorithm>
#include <new>

namespace gmmseg {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's own way to say that a gzip frame is there
// zlib counts the bytes of one call in 32 bits.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;

}  // namespace

bool IsGzip(std::span<const unsigned char> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

GzipInput::GzipInput(std::span<const unsigned char> bytes) : left_(bytes) {
  if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
}

GzipInput::~GzipInput() { inflateEnd(&stream_); }

std::size_t GzipInput::Read(std::span<unsigned char> out) {
  std::size_t done = 0;
  while (done < out.size() && !ended_) {
    const std::size_t room = std::min(out.size() - done, kMostAtOnce);
    stream_.next_out = out.data() + done;
    stream_.avail_out = static_cast<uInt>(room);
    const Step step = Inflate();
    done += room - stream_.avail_out;
    ended_ = step == Step::kStop;
  }
  return done;
}

GzipInput::Step GzipInput::Inflate() {
  if (stream_.avail_in == 0) {
    const std::size_t count = std::min(left_.size(), kMostAtOnce);
    stream_.next_in = const_cast<Bytef*>(left_.data());
    stream_.avail_in = static_cast<uInt>(count);
    left_ = left_.subspan(count);
  }
  const int status = inflate(&stream_, Z_NO_FLUSH);
  if (status == Z_STREAM_END) return AfterMember();
  if (status == Z_OK) return Step::kGoOn;
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  problem_ = status == Z_BUF_ERROR    ? "the compressed data end too early"
             : stream_.msg != nullptr ? stream_.msg
                                      : "zlib's code " + std::to_string(status);
  return Step::kStop;
}

// What follows a member is another one; zeros and the like, as tapes have them, are nothing.
GzipInput::Step GzipInput::AfterMember() {
  if (stream_.avail_in < 2 || !IsGzip({stream_.next_in, stream_.avail_in})) return Step::kStop;
  inflateReset(&stream_);
  return Step::kGoOn;
}

}  // namespace gmmseg
