#include "spatial/merge_regions.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <span>
#include <utility>

namespace gmmseg {
namespace {

class Merger {
 public:
  Merger(const RegionGraph& graph, const MergeCost& cost)
      : cost_(cost),
        num_classes_(graph.num_classes()),
        memberships_(graph.memberships),
        regions_(graph.num_regions()),
        link_to_(graph.num_regions(), kNone) {
    for (std::size_t r = 0; r < regions_.size(); ++r) {
      regions_[r].size = graph.sizes[r];
      regions_[r].disorder = Disorder(r);
      total_size_ += graph.sizes[r];
    }
    for (const RegionBorder& border : graph.borders) AddLink(border);
    for (std::int64_t l = 0; l < std::ssize(links_); ++l) Push(l);
  }

  std::vector<RegionMerge> Run() {
    std::vector<RegionMerge> merges;
    double height = 0;
    while (!queue_.empty()) {
      const Offer offer = queue_.top();
      queue_.pop();
      if (links_[offer.link].offers != offer.number) continue;
      height = std::max(height, offer.cost);
      merges.push_back(Merge(offer.link, height));
    }
    return merges;
  }

 private:
  static constexpr std::int64_t kNone = -1;

  struct Region {
    double size = 0, perimeter = 0;
    double disorder = 0;  // size times the entropy of the mean membership, less size·ln size
    std::vector<std::int64_t> links;  // dead ones among them
  };
  struct Link {
    std::size_t a, b;
    double length, strength;
    bool dead = false;
    int offers = 0;  // only the latest stands
  };
  struct Offer {
    double cost;
    std::int64_t link;
    int number;
    // The cheapest comes first, and of equals the link that has been there longer.
    bool operator<(const Offer& other) const {
      return cost != other.cost ? cost > other.cost : link > other.link;
    }
  };

  std::span<float> Memberships(std::size_t region) {
    return {memberships_.data() + static_cast<std::int64_t>(region) * num_classes_,
            static_cast<std::size_t>(num_classes_)};
  }

  static double MinusXLogX(double x) { return x > 0 ? -x * std::log(x) : 0; }

  double Disorder(std::size_t region) {
    double sum = 0;
    for (const float h : Memberships(region)) sum += MinusXLogX(h);
    return sum;
  }

  double JointDisorder(std::size_t a, std::size_t b) {
    const std::span<const float> of_a = Memberships(a), of_b = Memberships(b);
    double sum = 0;
    for (std::size_t k = 0; k < of_a.size(); ++k) sum += MinusXLogX(of_a[k] + of_b[k]);
    return sum;
  }

  // J of MergeCost.
  double Unlikeness(const Link& link) {
    const double a = regions_[link.a].size, c = regions_[link.b].size, both = a + c;
    const double gain = JointDisorder(link.a, link.b) - regions_[link.a].disorder -
                        regions_[link.b].disorder - MinusXLogX(both) + MinusXLogX(a) +
                        MinusXLogX(c);
    return std::max(gain, 0.0) * both / (4 * a * c);
  }

  double CostOf(const Link& link) {
    const Region &a = regions_[link.a], &b = regions_[link.b];
    const double size = 2 * a.size * b.size / ((a.size + b.size) * total_size_);
    return std::pow(size, cost_.size) * (Unlikeness(link) + cost_.unlike) *
           std::pow(link.strength / link.length + cost_.weak, cost_.strength) *
           std::pow(std::min(a.perimeter, b.perimeter) / link.length, cost_.shape);
  }

  void AddLink(const RegionBorder& border) {
    const Link link = {border.a - 1, border.b - 1, border.length, border.strength};
    for (const std::size_t end : {link.a, link.b}) {
      regions_[end].links.push_back(std::ssize(links_));
      regions_[end].perimeter += link.length;
    }
    links_.push_back(link);
  }

  void Push(std::int64_t l) {
    Link& link = links_[l];
    queue_.push({CostOf(link), l, ++link.offers});
  }

  void Kill(Link& link) {
    link.dead = true;
    ++link.offers;
  }

  RegionMerge Merge(std::int64_t l, double height) {
    std::size_t kept = links_[l].a, absorbed = links_[l].b;
    if (regions_[kept].links.size() < regions_[absorbed].links.size()) std::swap(kept, absorbed);
    TakeIn(kept, absorbed, links_[l].length);
    Kill(links_[l]);
    TakeLinks(kept, absorbed);
    for (const std::int64_t link : regions_[kept].links) Push(link);
    return {static_cast<std::uint32_t>(kept + 1), static_cast<std::uint32_t>(absorbed + 1), height};
  }

  void TakeIn(std::size_t kept, std::size_t absorbed, double length) {
    Region &to = regions_[kept], &from = regions_[absorbed];
    to.disorder = JointDisorder(kept, absorbed);
    to.size += from.size;
    to.perimeter += from.perimeter - 2 * length;
    std::ranges::transform(Memberships(kept), Memberships(absorbed), Memberships(kept).begin(),
                           std::plus<>());
  }

  std::size_t OtherEnd(const Link& link, std::size_t end) const {
    return link.a == end ? link.b : link.a;
  }

  // The links of the absorbed become those of the kept region; two links to one neighbour, one.
  void TakeLinks(std::size_t kept, std::size_t absorbed) {
    std::vector<std::int64_t>& links = regions_[kept].links;
    std::erase_if(links, [this](std::int64_t l) { return links_[l].dead; });
    for (const std::int64_t l : links) link_to_[OtherEnd(links_[l], kept)] = l;
    for (const std::int64_t l : regions_[absorbed].links) {
      Link& link = links_[l];
      if (link.dead) continue;
      const std::size_t neighbour = OtherEnd(link, absorbed);
      if (link_to_[neighbour] == kNone) {
        (link.a == absorbed ? link.a : link.b) = kept;
        links.push_back(l);
        continue;
      }
      links_[link_to_[neighbour]].length += link.length;
      links_[link_to_[neighbour]].strength += link.strength;
      Kill(link);
    }
    regions_[absorbed].links = {};
    for (const std::int64_t l : links) link_to_[OtherEnd(links_[l], kept)] = kNone;
  }

  MergeCost cost_;
  std::int64_t num_classes_;
  std::vector<float> memberships_;
  std::vector<Region> regions_;
  std::vector<Link> links_;
  std::vector<std::int64_t> link_to_;  // scratch: of the region at hand, per neighbour
  std::priority_queue<Offer> queue_;
  double total_size_ = 0;
};

}  // namespace

RegionHierarchy MergeRegions(const RegionGraph& graph, const MergeCost& cost, double relative) {
  RegionHierarchy hierarchy{graph.num_regions(), Merger(graph, cost).Run()};
  if (hierarchy.merges.empty()) return hierarchy;
  const double scale = std::pow(hierarchy.merges.back().height, relative);
  for (RegionMerge& merge : hierarchy.merges) merge.height /= scale;
  return hierarchy;
}

}  // namespace gmmseg
