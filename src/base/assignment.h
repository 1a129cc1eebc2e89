// The linear assignment problem: who goes with whom, at the least cost in all.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace gmmseg {

// One column for each row, no column twice, so that the sum of their costs is least; where rows
// outnumber columns, every column is given to one row and the other rows get -1. Among equal sums
// the choice is the same at every call. Costs are finite, below 1e150 in size. Cost: O(n²·m), n the
// smaller and m the larger of the two numbers. Throws InternalError for costs out of range.
// Reference: shortest augmenting paths with dual prices, Jonker and Volgenant 1987.
std::vector<int> CheapestAssignment(const Eigen::MatrixXd& costs);

}  // namespace gmmseg
