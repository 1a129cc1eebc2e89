#include "mixture/partial_volume.h"

#include <oneapi/tbb/parallel_for.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "base/soft_max.h"
#include "base/wide_clones.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kRun = 128;  // cells looked at together, so that all states fit the cache

GMMSEG_WIDE_CLONES
void SetLogDensities(const float* intensities, const float* fields, float mean,
                     float half_precision, float log_factor, std::int64_t count,
                     float* __restrict values) {
  for (std::int64_t j = 0; j < count; ++j) {
    const float distance = intensities[j] - fields[j] * mean;
    values[j] = log_factor - half_precision * distance * distance;
  }
}

TissueSums NoSums(int num_states) {
  const Eigen::VectorXd zero = Eigen::VectorXd::Zero(num_states);
  return {0, 0, zero, zero, zero, zero};
}

// The cells of one value of the field.
class FieldRow {
 public:
  FieldRow(const TissueModel& model, const StateDensities& densities, const IntensityTable& table,
           std::int64_t row, FieldTerms* terms)
      : model_(model),
        densities_(densities),
        table_(table),
        row_(row),
        field_(table.Field(row)),
        terms_(terms),
        sums_(NoSums(model.num_states())),
        values_(model.num_states() * kRun) {
    fields_.fill(static_cast<float>(field_));
  }

  TissueSums Sum() {
    for (std::int64_t i = 0; i < table_.num_intensities; ++i)
      if (table_.counts[row_ * table_.num_intensities + i] > 0) Add(i);
    Flush();
    return std::move(sums_);
  }

 private:
  void Add(std::int64_t i) {
    cells_[count_] = i;
    intensities_[count_] = static_cast<float>(table_.Intensity(i));
    if (++count_ == kRun) Flush();
  }

  void Flush() {
    std::array<float, kRun> largest, total{};
    largest.fill(-std::numeric_limits<float>::max());
    densities_.Evaluate(intensities_.data(), fields_.data(), count_, values_.data(), kRun);
    for (int l = 0; l < model_.num_states(); ++l)
      TakeLargest(values_.data() + l * kRun, count_, largest.data());
    for (int l = 0; l < model_.num_states(); ++l)
      SetExponentials(largest.data(), count_, values_.data() + l * kRun, total.data());
    for (std::int64_t j = 0; j < count_; ++j) AddCell(j, double{largest[j]}, double{total[j]});
    count_ = 0;
  }

  void AddCell(std::int64_t j, double largest, double total) {
    const std::int64_t cell = row_ * table_.num_intensities + cells_[j];
    const double count = table_.counts[cell], y = table_.Intensity(cells_[j]);
    sums_.log_likelihood += count * (largest + std::log(total));
    sums_.num_voxels += count;
    double product = 0, square = 0;
    for (int l = 0; l < model_.num_states(); ++l) {
      const double posterior = double{values_[l * kRun + j]} / total, weight = count * posterior;
      sums_.weight[l] += weight;
      sums_.field_square[l] += weight * field_ * field_;
      sums_.product[l] += weight * field_ * y;
      sums_.intensity_square[l] += weight * y * y;
      const double scaled = posterior * model_.MeanOf(l) / model_.VarianceOf(l);
      product += scaled * y;
      square += scaled * model_.MeanOf(l);
    }
    if (!terms_) return;
    terms_->product[cell] = static_cast<float>(product);
    terms_->square[cell] = static_cast<float>(square);
  }

  const TissueModel& model_;
  const StateDensities& densities_;
  const IntensityTable& table_;
  std::int64_t row_;
  double field_;
  FieldTerms* terms_;
  TissueSums sums_;
  std::vector<float> values_;  // of the run: kRun of the first state, then of the next
  std::array<float, kRun> intensities_, fields_;
  std::array<std::int64_t, kRun> cells_;
  std::int64_t count_ = 0;
};

}  // namespace

double TissueModel::MeanOf(int state) const {
  const TissueState& s = states[state];
  return (1 - s.share) * means[s.first] + s.share * means[s.second];
}

Eigen::Index TissueModel::GroupOf(int state) const {
  const TissueState& s = states[state];
  return variances.size() == 1 ? 0 : (s.share > 0.5 ? s.second : s.first);
}

Eigen::VectorXd TissueModel::FractionsOf(int state) const {
  const TissueState& s = states[state];
  Eigen::VectorXd fractions = Eigen::VectorXd::Zero(num_tissues());
  fractions[s.first] += 1 - s.share;
  fractions[s.second] += s.share;
  return fractions;
}

std::vector<TissueState> StatesOf(int num_tissues, int num_mixes) {
  std::vector<TissueState> states;
  for (int k = 0; k < num_tissues; ++k) states.push_back({k, k, 0});
  for (int k = 0; k + 1 < num_tissues; ++k)
    for (int m = 1; m <= num_mixes; ++m)
      states.push_back({k, k + 1, static_cast<double>(m) / (num_mixes + 1)});
  return states;
}

StateDensities::StateDensities(const TissueModel& model) {
  constexpr double kLeastWeight = 1e-12;
  for (int l = 0; l < model.num_states(); ++l) {
    const double variance = model.VarianceOf(l);
    peaks_.push_back({static_cast<float>(model.MeanOf(l)), static_cast<float>(0.5 / variance),
                      static_cast<float>(std::log(std::max(model.weights[l], kLeastWeight)) -
                                         0.5 * std::log(2 * std::numbers::pi * variance))});
  }
}

void StateDensities::Evaluate(const float* intensities, const float* fields, std::int64_t count,
                              float* values, std::int64_t stride) const {
  for (std::size_t l = 0; l < peaks_.size(); ++l)
    SetLogDensities(intensities, fields, peaks_[l].mean, peaks_[l].half_precision,
                    peaks_[l].log_factor, count, values + static_cast<std::int64_t>(l) * stride);
}

TissueSums Accumulate(const TissueModel& model, const IntensityTable& table, FieldTerms* terms) {
  if (terms) {
    terms->product.assign(table.counts.size(), 0);
    terms->square.assign(table.counts.size(), 0);
  }
  const StateDensities densities(model);
  std::vector<TissueSums> rows(table.num_fields);
  tbb::parallel_for(std::int64_t{0}, table.num_fields, [&](std::int64_t f) {
    rows[f] = FieldRow(model, densities, table, f, terms).Sum();
  });
  TissueSums sums = NoSums(model.num_states());
  for (const TissueSums& row : rows) {
    sums.log_likelihood += row.log_likelihood;
    sums.num_voxels += row.num_voxels;
    sums.weight += row.weight;
    sums.field_square += row.field_square;
    sums.product += row.product;
    sums.intensity_square += row.intensity_square;
  }
  return sums;
}

void Maximize(const TissueSums& sums, double floor, TissueModel& model) {
  const int num_tissues = model.num_tissues();
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(num_tissues, num_tissues);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(num_tissues);
  for (int l = 0; l < model.num_states(); ++l) {
    const Eigen::VectorXd fractions = model.FractionsOf(l);
    system += sums.field_square[l] / model.VarianceOf(l) * fractions * fractions.transpose();
    right += sums.product[l] / model.VarianceOf(l) * fractions;
  }
  // A tissue that lost its voxels, and the mixes with it, keeps its mean.
  for (int k = 0; k < num_tissues; ++k) {
    const double hold = 1e-12 * system.trace();
    system(k, k) += hold;
    right[k] += hold * model.means[k];
  }
  model.means = system.ldlt().solve(right);

  Eigen::VectorXd squares = Eigen::VectorXd::Zero(model.variances.size()), counts = squares;
  for (int l = 0; l < model.num_states(); ++l) {
    const double mean = model.MeanOf(l);
    squares[model.GroupOf(l)] +=
        sums.intensity_square[l] - 2 * mean * sums.product[l] + mean * mean * sums.field_square[l];
    counts[model.GroupOf(l)] += sums.weight[l];
  }
  for (Eigen::Index g = 0; g < squares.size(); ++g)
    if (counts[g] > 0) model.variances[g] = std::max(floor, squares[g] / counts[g]);
  model.weights = sums.weight / sums.num_voxels;
}

}  // namespace gmmseg
