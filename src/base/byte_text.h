// Values as bytes, for processes of one program that tell each other of them.
#pragma once

#include <gmmseg/errors.h>

#include <Eigen/Core>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gmmseg {

class ByteWriter {
 public:
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void Put(const T& value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  template <typename T>
  void Put(const std::vector<T>& values) {
    Put(std::ssize(values));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void Put(const std::string& text) {
    Put(std::ssize(text));
    bytes_ += text;
  }
  void Put(const Eigen::MatrixXd& matrix) {
    Put(matrix.rows());
    Put(matrix.cols());
    bytes_.append(reinterpret_cast<const char*>(matrix.data()), matrix.size() * sizeof(double));
  }

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what a ByteWriter wrote, in its order.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void Get(T& value) { Copy(&value, sizeof value); }
  template <typename T>
  void Get(std::vector<T>& values) {
    values.resize(Next<std::ptrdiff_t>());
    Copy(values.data(), values.size() * sizeof(T));
  }
  void Get(std::string& text) {
    text.resize(Next<std::ptrdiff_t>());
    Copy(text.data(), text.size());
  }
  void Get(Eigen::MatrixXd& matrix) {
    const auto rows = Next<Eigen::Index>();
    matrix.resize(rows, Next<Eigen::Index>());
    Copy(matrix.data(), matrix.size() * sizeof(double));
  }
  template <typename T>
  T Next() {
    T value;
    Get(value);
    return value;
  }
  bool at_end() const { return bytes_.empty(); }
  void Copy(void* to, std::size_t size) {
    if (size > bytes_.size()) throw InternalError("bytes of another process end early");
    if (size > 0) std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }

 private:
  std::string_view bytes_;
};

}  // namespace gmmseg
