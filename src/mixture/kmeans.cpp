#include <algorithm>
#include <limits>

#include "base/random.h"
#include "mixture/partition.h"

namespace gmmseg {
namespace {

constexpr int kMaxLloydIterations = 25;

// Index drawn with probability proportional to `masses`; -1 if all are 0.
Eigen::Index Draw(const Eigen::VectorXd& masses, RandomStream& random) {
  double left = random.Uniform() * masses.sum();
  Eigen::Index last = -1;
  for (Eigen::Index i = 0; i < masses.size(); ++i) {
    if (masses[i] <= 0) continue;
    last = i;
    if ((left -= masses[i]) < 0) break;
  }
  return last;
}

Eigen::MatrixXd Seeds(const ClusterPoints& points, int num_clusters, RandomStream& random) {
  Eigen::MatrixXd centers(num_clusters, points.rows.cols());
  Eigen::VectorXd nearest = Eigen::VectorXd::Constant(points.rows.rows(), 1.0);
  int found = 0;
  for (; found < num_clusters; ++found) {
    const Eigen::Index i = Draw(points.weights.cwiseProduct(nearest), random);
    if (i < 0) break;
    centers.row(found) = points.rows.row(i);
    const Eigen::VectorXd distances =
        (points.rows.rowwise() - points.rows.row(i)).rowwise().squaredNorm();
    nearest = found == 0 ? distances : nearest.cwiseMin(distances).eval();
  }
  centers.conservativeResize(found, Eigen::NoChange);
  return centers;
}

// Moves each point to its nearest centre; returns whether any changed. By panels of points: N × K
// distances are never held.
bool Assign(const ClusterPoints& points, const Eigen::MatrixXd& centers,
            std::vector<int>& partition) {
  constexpr Eigen::Index kPanel = 256;
  bool changed = false;
  // ‖x − c‖² = ‖x‖² − 2 x·c + ‖c‖²: the first term is the same for every centre.
  const Eigen::RowVectorXd squares = centers.rowwise().squaredNorm().transpose();
  for (Eigen::Index first = 0; first < points.rows.rows(); first += kPanel) {
    const Eigen::Index count = std::min(kPanel, points.rows.rows() - first);
    const Eigen::MatrixXd scores =
        (-2.0 * points.rows.middleRows(first, count) * centers.transpose()).rowwise() + squares;
    for (Eigen::Index i = 0; i < count; ++i) {
      Eigen::Index nearest;
      scores.row(i).minCoeff(&nearest);
      changed |= partition[first + i] != nearest;
      partition[first + i] = static_cast<int>(nearest);
    }
  }
  return changed;
}

// Each centre to the mean of its points; one without points stays.
void Recentre(const ClusterPoints& points, const std::vector<int>& partition,
              Eigen::MatrixXd& centers) {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(centers.rows(), centers.cols());
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(centers.rows());
  for (std::size_t i = 0; i < partition.size(); ++i) {
    sums.row(partition[i]) += points.weights[i] * points.rows.row(i);
    weights[partition[i]] += points.weights[i];
  }
  for (Eigen::Index k = 0; k < centers.rows(); ++k)
    if (weights[k] > 0) centers.row(k) = sums.row(k) / weights[k];
}

}  // namespace

std::vector<int> KMeansPartition(const ClusterPoints& points, int num_clusters, std::uint64_t seed,
                                 std::uint64_t stream) {
  RandomStream random(seed, stream);
  Eigen::MatrixXd centers = Seeds(points, num_clusters, random);
  std::vector<int> partition(points.rows.rows(), -1);
  for (int iteration = 0; iteration < kMaxLloydIterations && Assign(points, centers, partition);
       ++iteration)
    Recentre(points, partition, centers);
  return partition;
}

}  // namespace gmmseg
