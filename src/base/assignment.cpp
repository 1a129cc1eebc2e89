#include "base/assignment.h"

#include <gmmseg/errors.h>

#include <limits>

namespace gmmseg {
namespace {

constexpr int kNone = -1;

// Gives columns to rows, of which there are at most as many, one row at a time. A row's and a
// column's price never add up to more than their cost, and to just that where they go together.
class Assigner {
 public:
  explicit Assigner(const Eigen::MatrixXd& costs)
      : costs_(costs),
        row_price_(Eigen::VectorXd::Zero(costs.rows())),
        column_price_(Eigen::VectorXd::Zero(costs.cols())),
        row_of_(costs.cols(), kNone) {}

  // Finds the cheapest way from the row over taken columns to a free one, as Dijkstra does, and
  // hands the columns on along it.
  void Place(int row) {
    Start();
    int column = kNone;
    for (int reached = row; reached != kNone; reached = row_of_[column]) {
      Relax(reached, column);
      column = NearestColumn();
      is_settled_[column] = true;
      length_ = distance_[column];
    }
    Reprice(row);
    HandOn(row, column);
  }

  const std::vector<int>& row_of() const { return row_of_; }

 private:
  void Start() {
    length_ = 0;
    distance_.assign(row_of_.size(), std::numeric_limits<double>::infinity());
    before_.assign(row_of_.size(), kNone);
    is_settled_.assign(row_of_.size(), false);
  }

  // Ways on from the row, which `column` led to.
  void Relax(int row, int column) {
    for (std::size_t c = 0; c < row_of_.size(); ++c) {
      const double distance = length_ + costs_(row, c) - row_price_[row] - column_price_[c];
      if (is_settled_[c] || distance >= distance_[c]) continue;
      distance_[c] = distance;
      before_[c] = column;
    }
  }

  int NearestColumn() const {
    int nearest = kNone;
    for (int c = 0; c < std::ssize(row_of_); ++c)
      if (!is_settled_[c] && (nearest == kNone || distance_[c] < distance_[nearest])) nearest = c;
    return nearest;
  }

  void Reprice(int row) {
    row_price_[row] += length_;
    for (std::size_t c = 0; c < row_of_.size(); ++c) {
      if (!is_settled_[c]) continue;
      const double gained = length_ - distance_[c];
      column_price_[c] -= gained;
      if (row_of_[c] != kNone) row_price_[row_of_[c]] += gained;
    }
  }

  void HandOn(int row, int column) {
    for (; column != kNone; column = before_[column])
      row_of_[column] = before_[column] == kNone ? row : row_of_[before_[column]];
  }

  const Eigen::MatrixXd& costs_;
  Eigen::VectorXd row_price_, column_price_;
  std::vector<int> row_of_;  // per column
  // Of the way that is looked for:
  double length_ = 0;             // to the column settled last
  std::vector<double> distance_;  // per column
  std::vector<int> before_;       // per column: the taken column that the way to it comes from
  std::vector<bool> is_settled_;
};

// Per column, where rows are the fewer.
std::vector<int> RowOfColumn(const Eigen::MatrixXd& costs) {
  Assigner assigner(costs);
  for (int row = 0; row < costs.rows(); ++row) assigner.Place(row);
  return assigner.row_of();
}

}  // namespace

std::vector<int> CheapestAssignment(const Eigen::MatrixXd& costs) {
  constexpr double kMostCost = 1e150;
  if (!(costs.array().abs() < kMostCost).all())
    throw InternalError("an assignment has a cost that is not finite; please report this");
  if (costs.rows() > costs.cols()) return RowOfColumn(costs.transpose());
  const std::vector<int> row_of = RowOfColumn(costs);
  std::vector<int> column_of(costs.rows(), kNone);
  for (int c = 0; c < std::ssize(row_of); ++c)
    if (row_of[c] != kNone) column_of[row_of[c]] = c;
  return column_of;
}

}  // namespace gmmseg
