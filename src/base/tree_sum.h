// Sums whose terms round: the same bits whoever adds them up, and in whatever order.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <utility>

#include "base/byte_text.h"
#include "base/share.h"

namespace gmmseg {

// Of values that have places 0, 1, …: added up in pairs of neighbours, then in pairs of pairs, so
// that what is added to what depends on the places alone. Holds a few sums where places follow each
// other, and more where there are gaps between them.
template <typename T>
class TreeSum {
 public:
  // No place twice.
  void Add(std::int64_t place, T value) { Insert({place, 0}, std::move(value)); }
  // What another has of other places.
  void Join(TreeSum other) {
    for (auto& [node, sum] : other.nodes_) Insert(node, std::move(sum));
  }
  // T() where there is nothing.
  T Total() const {
    T total = T();
    for (const auto& [node, sum] : nodes_)
      if (&sum == &nodes_.begin()->second)
        total = sum;
      else
        total += sum;
    return total;
  }
  bool empty() const { return nodes_.empty(); }

  // With write(writer, T) and read(reader) -> T.
  template <typename Write>
  void Put(ByteWriter& writer, const Write& write) const {
    writer.Put(std::ssize(nodes_));
    for (const auto& [node, sum] : nodes_) {
      writer.Put(node);
      write(writer, sum);
    }
  }
  template <typename Read>
  static TreeSum Get(ByteReader& reader, const Read& read) {
    TreeSum sums;
    for (auto left = reader.Next<std::ptrdiff_t>(); left > 0; --left) {
      const auto node = reader.Next<Node>();
      sums.Insert(node, read(reader));
    }
    return sums;
  }

 private:
  // The places from `first` on, 2^level of them.
  struct Node {
    std::int64_t first = 0;
    std::int64_t level = 0;  // of this type, so that a node has no padding

    auto operator<=>(const Node&) const = default;
  };

  void Insert(Node node, T value) {
    for (;;) {
      const std::int64_t width = std::int64_t{1} << node.level;
      const bool is_right = (node.first & width) != 0;
      const auto sibling = nodes_.find({node.first ^ width, node.level});
      if (sibling == nodes_.end()) break;
      T left = std::move(is_right ? sibling->second : value);
      left += is_right ? value : sibling->second;
      value = std::move(left);
      nodes_.erase(sibling);
      node = {node.first & ~width, node.level + 1};
    }
    nodes_.emplace(node, std::move(value));
  }

  std::map<Node, T> nodes_;
};

// What all ranks have, each of other places, on all of them; write and read as above.
template <typename T, typename Write, typename Read>
void Unite(Ranks& ranks, TreeSum<T>& sums, const Write& write, const Read& read) {
  const auto bytes = [&] {
    ByteWriter writer;
    sums.Put(writer, write);
    return writer.Take();
  };
  const auto get = [&](const std::string& others) {
    ByteReader reader(others);
    return TreeSum<T>::Get(reader, read);
  };
  Unite(
      ranks, bytes, [&](const std::string& others) { sums.Join(get(others)); },
      [&](const std::string& all) { sums = get(all); });
}

}  // namespace gmmseg
