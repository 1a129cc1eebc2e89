#include <algorithm>
#include <limits>
#include <numeric>

#include "mixture/partition.h"

namespace gmmseg {
namespace {

struct Merge {
  double height;
  int from, into;
};

// Clusters as weighted centroids; a merged cluster lives on in the lower of its two slots.
class Clusters {
 public:
  explicit Clusters(const ClusterPoints& points)
      : centroids_(points.rows), weights_(points.weights), alive_(points.rows.rows()) {
    std::iota(alive_.begin(), alive_.end(), 0);
  }

  std::size_t size() const { return alive_.size(); }
  int First() const { return alive_.front(); }

  // The increase of the within-cluster sum of squares if a and b merged.
  double Height(int a, int b) const {
    const double total = weights_[a] + weights_[b];
    return weights_[a] * weights_[b] / total *
           (centroids_.row(a) - centroids_.row(b)).squaredNorm();
  }

  // The nearest other cluster; `preferred` wins ties, so that the chain ends.
  int Nearest(int a, int preferred) const {
    int nearest = preferred;
    double lowest = preferred >= 0 ? Height(a, preferred) : std::numeric_limits<double>::infinity();
    for (const int b : alive_) {
      if (b == a || b == preferred) continue;
      const double height = Height(a, b);
      if (height < lowest) {
        lowest = height;
        nearest = b;
      }
    }
    return nearest;
  }

  Merge Join(int a, int b) {
    const Merge merge{Height(a, b), std::max(a, b), std::min(a, b)};
    const double total = weights_[a] + weights_[b];
    centroids_.row(merge.into) =
        (weights_[a] * centroids_.row(a) + weights_[b] * centroids_.row(b)) / total;
    weights_[merge.into] = total;
    alive_.erase(std::lower_bound(alive_.begin(), alive_.end(), merge.from));
    return merge;
  }

 private:
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> centroids_;
  Eigen::VectorXd weights_;
  std::vector<int> alive_;  // ascending
};

std::vector<Merge> AllMerges(const ClusterPoints& points) {
  Clusters clusters(points);
  std::vector<Merge> merges;
  std::vector<int> chain;
  while (clusters.size() > 1) {
    if (chain.empty()) chain.push_back(clusters.First());
    const int top = chain.back(), below = chain.size() > 1 ? chain[chain.size() - 2] : -1;
    const int next = clusters.Nearest(top, below);
    if (next != below) {
      chain.push_back(next);
      continue;
    }
    chain.resize(chain.size() - 2);
    merges.push_back(clusters.Join(top, below));
  }
  return merges;
}

// Follows a slot to the cluster it ended in.
int Root(const std::vector<int>& parent, int i) {
  while (parent[i] != i) i = parent[i];
  return i;
}

}  // namespace

std::vector<int> WardPartition(const ClusterPoints& points, int num_clusters) {
  const int n = static_cast<int>(points.rows.rows());
  std::vector<Merge> merges = AllMerges(points);
  std::stable_sort(merges.begin(), merges.end(),
                   [](const Merge& a, const Merge& b) { return a.height < b.height; });

  std::vector<int> parent(n);
  std::iota(parent.begin(), parent.end(), 0);
  for (int m = 0; m + num_clusters < n; ++m)
    parent[Root(parent, merges[m].from)] = Root(parent, merges[m].into);

  std::vector<int> partition(n), index(n, -1);
  int next = 0;
  for (int i = 0; i < n; ++i) {
    int& cluster = index[Root(parent, i)];
    if (cluster < 0) cluster = next++;
    partition[i] = cluster;
  }
  return partition;
}

}  // namespace gmmseg
