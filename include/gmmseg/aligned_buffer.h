// A fixed-size array whose first element lies on a 64-byte boundary, as the kernels need it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace gmmseg {

inline constexpr std::size_t kAlignment = 64;  // bytes: one AVX-512 vector, one cache line

// Movable, not copyable: image-sized copies are made on purpose or not at all. Elements start at
// zero, as a rule at little cost where they are many: fresh pages are zero, and come when they are
// first touched, by whichever thread that is.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_arithmetic_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : block_(Allocate(size)), size_(size) {
    if (size == 0) return;
    std::size_t space = size * sizeof(T) + kAlignment;
    void* first = block_.get();
    data_ = static_cast<T*>(std::align(kAlignment, size * sizeof(T), first, space));
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept { *this = std::move(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  struct Free {
    void operator()(void* block) const { std::free(block); }
  };
  using Block = std::unique_ptr<void, Free>;

  static Block Allocate(std::size_t size) {
    if (size == 0) return nullptr;
    if (size > (std::numeric_limits<std::size_t>::max() - kAlignment) / sizeof(T))
      throw std::bad_array_new_length();
    Block block(std::calloc(size * sizeof(T) + kAlignment, 1));
    if (!block) throw std::bad_alloc();
    return block;
  }

  Block block_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace gmmseg
