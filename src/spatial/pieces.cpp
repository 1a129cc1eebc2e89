#include "spatial/pieces.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <queue>

#include "spatial/neighbour_pairs.h"

namespace gmmseg {
namespace {

// Of each set the first member is the root.
std::uint32_t RootOf(std::vector<std::uint32_t>& parents, std::uint32_t i) {
  while (parents[i] != i) i = parents[i] = parents[parents[i]];
  return i;
}

void Join(std::vector<std::uint32_t>& parents, std::uint32_t i, std::uint32_t j) {
  i = RootOf(parents, i);
  j = RootOf(parents, j);
  parents[std::max(i, j)] = std::min(i, j);
}

template <typename Label>
Pieces Find(const Grid& grid, std::span<const Label> labels) {
  Pieces pieces;
  std::vector<std::uint32_t>& parents = pieces.of_pixel;
  parents.resize(labels.size());
  std::iota(parents.begin(), parents.end(), 0u);
  VisitNeighbourPairs(grid, [&](std::int64_t i, std::int64_t j) {
    if (labels[i] == labels[j] && labels[i] != 0)
      Join(parents, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j));
  });
  // A root comes before its others, which then find the piece's number in its place.
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 0) {
      parents[i] = 0;
    } else if (parents[i] == i) {
      pieces.sizes.push_back(1);
      parents[i] = static_cast<std::uint32_t>(pieces.sizes.size());
    } else {
      parents[i] = parents[parents[i]];
      ++pieces.sizes[parents[i] - 1];
    }
  }
  return pieces;
}

// visit(i) for every pixel at an open side, some of them more than once.
template <typename Visit>
void VisitOpenSides(const Grid& grid, const OpenSides& open, const Visit& visit) {
  for (std::int64_t row = 0; row < grid.num_rows(); ++row) {
    const std::int64_t y = row % grid.height, first = row * grid.width, end = first + grid.width;
    if (open.left) visit(first);
    if (open.right) visit(end - 1);
    if ((open.top && y == 0) || (open.bottom && y + 1 == grid.height))
      for (std::int64_t i = first; i < end; ++i) visit(i);
  }
}

bool Holds(const Window& window, const Grid& grid, std::int64_t pixel) {
  const std::int64_t x = pixel % grid.width - window.x;
  const std::int64_t y = pixel / grid.width % grid.height - window.y;
  return x >= 0 && x < window.width && y >= 0 && y < window.height;
}

// Pieces that become one another's; only small ones know their neighbours.
class Absorber {
 public:
  Absorber(const Grid& grid, std::int64_t min_size, std::span<const std::uint16_t> labels,
           const OpenSides& open)
      : pieces_(Find(grid, labels)), min_size_(min_size), parents_(pieces_.num_pieces()) {
    std::iota(parents_.begin(), parents_.end(), 0u);
    states_.resize(parents_.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (pieces_.of_pixel[i] == 0) continue;
      State& state = states_[pieces_.of_pixel[i] - 1];
      if (state.size++ > 0) continue;
      state.first_pixel = static_cast<std::uint32_t>(i);
      state.label = labels[i];
    }
    VisitOpenSides(grid, open, [this](std::int64_t i) {
      if (pieces_.of_pixel[i] == 0) return;
      State& state = states_[pieces_.of_pixel[i] - 1];
      state.size = std::max(state.size, min_size_);
    });
    VisitNeighbourPairs(grid, [this](std::int64_t i, std::int64_t j) {
      const std::uint32_t a = pieces_.of_pixel[i], b = pieces_.of_pixel[j];
      if (a == b || a == 0 || b == 0) return;
      AddLink(a - 1, b - 1);
      AddLink(b - 1, a - 1);
    });
  }

  // moved(first pixel) for every piece that takes another label.
  template <typename Moved>
  void Run(const Moved& moved) {
    for (std::uint32_t p = 0; p < states_.size(); ++p) Queue(p);
    while (!queue_.empty()) {
      const Entry entry = queue_.top();
      queue_.pop();
      if (parents_[entry.piece] != entry.piece || states_[entry.piece].size != entry.size) continue;
      if (Absorb(entry.piece)) moved(states_[entry.piece].first_pixel);
    }
  }

  std::uint16_t LabelOf(std::int64_t pixel) {
    const std::uint32_t piece = pieces_.of_pixel[pixel];
    return piece == 0 ? 0 : states_[RootOf(parents_, piece - 1)].label;
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct State {
    std::int64_t size = 0;
    std::uint32_t first_pixel = 0;
    std::uint16_t label = 0;
    std::uint32_t first_link = kNone, last_link = kNone;
  };
  // A pair of pixels across a border, in a list of them.
  struct Link {
    std::uint32_t neighbour, next;
  };
  struct Entry {
    std::int64_t size;
    std::uint32_t piece;
    // The smallest comes first, and of equals the first.
    bool operator<(const Entry& other) const {
      return size != other.size ? size > other.size : piece > other.piece;
    }
  };

  bool IsSmall(const State& state) const { return state.size < min_size_; }

  void AddLink(std::uint32_t piece, std::uint32_t neighbour) {
    State& state = states_[piece];
    if (!IsSmall(state)) return;
    const auto link = static_cast<std::uint32_t>(links_.size());
    links_.push_back({neighbour, kNone});
    (state.last_link == kNone ? state.first_link : links_[state.last_link].next) = link;
    state.last_link = link;
  }

  void Queue(std::uint32_t piece) {
    if (IsSmall(states_[piece])) queue_.push({states_[piece].size, piece});
  }

  // The roots of all that touch the piece, once for each pair of pixels.
  const std::vector<std::uint32_t>& NeighboursOf(std::uint32_t piece) {
    neighbours_.clear();
    for (std::uint32_t l = states_[piece].first_link; l != kNone; l = links_[l].next)
      if (const std::uint32_t root = RootOf(parents_, links_[l].neighbour); root != piece)
        neighbours_.push_back(root);
    return neighbours_;
  }

  // The label that comes most often, of equals the lowest.
  std::uint16_t BestOf(const std::vector<std::uint32_t>& neighbours) {
    labels_.clear();
    for (const std::uint32_t neighbour : neighbours) labels_.push_back(states_[neighbour].label);
    std::ranges::sort(labels_);
    std::uint16_t best = 0;
    std::int64_t best_border = 0;
    for (auto at = labels_.begin(); at != labels_.end();) {
      const auto end = std::upper_bound(at, labels_.end(), *at);
      if (end - at > best_border) {
        best = *at;
        best_border = end - at;
      }
      at = end;
    }
    return best;
  }

  // False where nothing touches the piece.
  bool Absorb(std::uint32_t piece) {
    const std::vector<std::uint32_t>& neighbours = NeighboursOf(piece);
    if (neighbours.empty()) return false;
    const std::uint16_t label = BestOf(neighbours);
    states_[piece].label = label;
    std::uint32_t root = piece;
    for (const std::uint32_t neighbour : neighbours)
      if (states_[neighbour].label == label) root = Unite(root, RootOf(parents_, neighbour));
    Queue(root);
    return true;
  }

  // Of two roots of one label; of small ones the lists of neighbours, too.
  std::uint32_t Unite(std::uint32_t a, std::uint32_t b) {
    if (a == b) return a;
    const std::uint32_t root = std::min(a, b), other = std::max(a, b);
    State &all = states_[root], &part = states_[other];
    parents_[other] = root;
    all.size += part.size;
    if (!IsSmall(all) || part.first_link == kNone) return root;
    (all.last_link == kNone ? all.first_link : links_[all.last_link].next) = part.first_link;
    all.last_link = part.last_link;
    return root;
  }

  Pieces pieces_;
  std::int64_t min_size_;
  std::vector<std::uint32_t> parents_;
  std::vector<State> states_;  // by piece; of roots alone, which come first, it is true
  std::vector<Link> links_;
  std::vector<std::uint32_t> neighbours_;
  std::vector<std::uint16_t> labels_;
  std::priority_queue<Entry> queue_;
};

}  // namespace

Pieces FindPieces(const Grid& grid, std::span<const std::uint16_t> labels) {
  return Find(grid, labels);
}

Pieces FindPieces(const Grid& grid, std::span<const std::uint32_t> labels) {
  return Find(grid, labels);
}

MovedPieces AbsorbSmallPieces(const Grid& grid, std::int64_t min_size,
                              std::span<std::uint16_t> labels) {
  return AbsorbSmallPieces(grid, min_size, labels, {}, {0, 0, grid.width, grid.height});
}

MovedPieces AbsorbSmallPieces(const Grid& grid, std::int64_t min_size,
                              std::span<std::uint16_t> labels, const OpenSides& open,
                              const Window& counted) {
  Absorber absorber(grid, min_size, labels, open);
  MovedPieces moved;
  absorber.Run([&](std::int64_t pixel) { moved.pieces += Holds(counted, grid, pixel); });
  for (std::int64_t i = 0; i < std::ssize(labels); ++i) {
    const std::uint16_t label = absorber.LabelOf(i);
    moved.pixels += label != labels[i] && Holds(counted, grid, i);
    labels[i] = label;
  }
  return moved;
}

}  // namespace gmmseg
