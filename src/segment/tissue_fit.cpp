#include "segment/tissue_fit.h"

#include <gmmseg/errors.h>
#include <gmmseg/fit.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "base/text.h"
#include "spatial/spline_field.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kIntensitySteps = 1024, kFieldSteps = 128;
constexpr int kNumTissues = 3;

// By ascending mean: which tissue (CSF, GM, WM from 0) comes first, second, third.
std::array<int, kNumTissues> OrderOf(TissuePreset preset) {
  switch (preset) {
    case TissuePreset::kT1:
      return {0, 1, 2};
    case TissuePreset::kT2:
      return {2, 1, 0};
    case TissuePreset::kFlair:
    case TissuePreset::kCt:
      return {0, 2, 1};
  }
  throw InternalError("a preset without an order of tissues");
}

[[noreturn]] void FailByValues(int num_different) {
  throw ParameterError(
      Format("%d different intensities; three tissues have three: check the image and the mask",
             num_different));
}

// Of the voxels inside, if there are any.
void RequireThree(std::span<const float> intensities, std::span<const std::uint8_t> inside) {
  std::vector<float> different;
  for (std::size_t i = 0; i < intensities.size() && different.size() < kNumTissues; ++i)
    if (inside[i] && std::ranges::find(different, intensities[i]) == different.end())
      different.push_back(intensities[i]);
  if (different.size() == 2) FailByValues(2);
}

// Each voxel with some of its neighbours that are inside: much less noise, and the same field.
// Those a thick slice away count for less.
std::vector<float> Smoothed(const Grid& grid, const std::array<double, 3>& spacing,
                            std::span<const float> intensities,
                            std::span<const std::uint8_t> inside) {
  constexpr double kNeighbour = 0.5;
  const double nearest = std::ranges::min(spacing);
  const std::array<std::int64_t, 3> size = {grid.width, grid.height, grid.depth};
  const std::array<std::int64_t, 3> step = {1, grid.width, grid.width * grid.height};
  std::vector<float> smoothed(intensities.size());
  tbb::parallel_for(std::int64_t{0}, grid.num_rows(), [&](std::int64_t row) {
    for (std::int64_t x = 0; x < grid.width; ++x) {
      const std::int64_t i = row * grid.width + x;
      if (!inside[i]) continue;
      const std::array<std::int64_t, 3> at = {x, row % grid.height, row / grid.height};
      double sum = intensities[i], weight = 1;
      for (int axis = 0; axis < 3; ++axis) {
        const double own = kNeighbour * std::pow(nearest / spacing[axis], 2);
        const auto add = [&](std::int64_t j) {
          if (!inside[j]) return;
          sum += own * intensities[j];
          weight += own;
        };
        if (at[axis] > 0) add(i - step[axis]);
        if (at[axis] + 1 < size[axis]) add(i + step[axis]);
      }
      smoothed[i] = static_cast<float>(sum / weight);
    }
  });
  return smoothed;
}

class Climb {
 public:
  // The tissues and, with bias, the field.
  Climb(const Grid& grid, const std::array<double, 3>& spacing, std::span<const float> intensities,
        std::span<const std::uint8_t> inside, const TissueOptions& options)
      : Climb(grid, intensities, inside, options) {
    fit_.field.assign(grid.size(), 1);
    table_.num_fields = 1;
    if (options.bias) {
      spline_.emplace(grid, spacing, options.bias_resolution);
      precision_ = kPrecision * std::pow(options.bias_resolution / kUsualResolution, 4);
    }
    FindParts();
    SetIntensitySteps();
    SetTable();
  }

  // The tissues in a field that is known.
  Climb(const Grid& grid, std::span<const float> intensities, std::span<const std::uint8_t> inside,
        const TissueOptions& options, std::vector<float> field)
      : Climb(grid, intensities, inside, options) {
    fit_.field = std::move(field);
    FindParts();
    SetIntensitySteps();
    FindFieldRange();
    SetTable();
  }

  TissueFit Run() {
    Start();
    // Tissues come first: a field of none would take theirs.
    constexpr int kAlone = 3;
    for (int i = 0; i < options_.max_iterations && !fit_.converged; ++i) {
      const double before = Step(spline_ && i >= kAlone);
      fit_.log_likelihoods.push_back(before);
      if (i > kAlone) {
        const double gain = before - fit_.log_likelihoods[fit_.log_likelihoods.size() - 2];
        fit_.converged = options_.tolerance > 0 && gain < options_.tolerance;
      }
    }
    return std::move(fit_);
  }

 private:
  Climb(const Grid& grid, std::span<const float> intensities, std::span<const std::uint8_t> inside,
        const TissueOptions& options)
      : grid_(grid),
        intensities_(intensities),
        inside_(inside),
        options_(options),
        steps_(grid.size()),
        levels_(grid.size()) {}

  // A thin plate's, mm: at the usual resolution a field of 1 mm voxels whose noise is 3 % of white
  // matter is smoothed over some 15 mm, one of more noise further.
  static constexpr double kUsualResolution = 50, kPrecision = 450.0 * 15 * 15 * 15 * 15;

  // From the first to the last voxel of a row that is inside.
  struct RowPart {
    std::int64_t row, first, behind;
  };

  void FindParts() {
    for (std::int64_t row = 0; row < grid_.num_rows(); ++row) {
      std::int64_t first = row * grid_.width, behind = first + grid_.width;
      while (first < behind && !inside_[first]) ++first;
      while (first < behind && !inside_[behind - 1]) --behind;
      if (first < behind) parts_.push_back({row, first, behind});
    }
  }

  // visit(part) of all rows, in parallel.
  template <typename Visitor>
  void ForEachRow(const Visitor& visit) const {
    tbb::parallel_for(std::size_t{0}, parts_.size(), [&](std::size_t i) { visit(parts_[i]); });
  }

  // Which step of the table every voxel's intensity is. Few voxels lie far beyond all others.
  void SetIntensitySteps() {
    std::vector<float> values;
    for (std::int64_t i = 0; i < grid_.size(); ++i)
      if (inside_[i]) values.push_back(intensities_[i]);
    if (values.empty()) throw ParameterError("no voxel is inside of the mask or the foreground");
    const auto quantile = [&](double share) {
      const auto at = values.begin() + std::llround(share * static_cast<double>(values.size() - 1));
      std::ranges::nth_element(values, at);
      return double{*at};
    };
    constexpr double kTail = 0.0005, kBeyond = 0.25;
    const double low = quantile(kTail), high = quantile(1 - kTail);
    const auto [least, most] = std::ranges::minmax(values);
    table_.first_intensity = std::max(double{least}, low - kBeyond * (high - low));
    const double last = std::min(double{most}, high + kBeyond * (high - low));
    table_.num_intensities = kIntensitySteps;
    table_.intensity_step = (last - table_.first_intensity) / (kIntensitySteps - 1);
    if (!(table_.intensity_step > 0))
      throw ParameterError(
          Format("nearly all voxels have the intensity %g; three tissues have "
                 "three: check the image and the mask",
                 low));
    ForEachRow([&](const RowPart& part) {
      for (std::int64_t i = part.first; i < part.behind; ++i)
        if (inside_[i])  // others may be NaN
          steps_[i] =
              static_cast<std::uint16_t>(Nearest(intensities_[i], table_.first_intensity,
                                                 table_.intensity_step, table_.num_intensities));
    });
  }

  static std::int64_t Nearest(double value, double first, double step, std::int64_t count) {
    const double place = (value - first) / step + 0.5;
    return static_cast<std::int64_t>(std::clamp(place, 0.0, static_cast<double>(count) - 0.5));
  }

  // The table of the field as it is now.
  void SetTable() {
    if (spline_) EvaluateField();
    tbb::enumerable_thread_specific<std::vector<std::uint32_t>> counts(table_.num_fields *
                                                                       table_.num_intensities);
    ForEachRow([&](const RowPart& part) {
      std::vector<std::uint32_t>& of_thread = counts.local();
      for (std::int64_t i = part.first; i < part.behind; ++i) {
        if (!inside_[i]) continue;
        levels_[i] = static_cast<std::uint8_t>(
            Nearest(fit_.field[i], table_.first_field, table_.field_step, table_.num_fields));
        ++of_thread[CellOf(i)];
      }
    });
    table_.counts.assign(table_.num_fields * table_.num_intensities, 0);
    for (const std::vector<std::uint32_t>& of_thread : counts)
      std::ranges::transform(table_.counts, of_thread, table_.counts.begin(), std::plus<>());
  }

  void EvaluateField() {
    ForEachRow([&](const RowPart& part) {
      spline_->EvaluateRow(part.row, part.first % grid_.width, part.behind - part.first,
                           fit_.field.data() + part.first);
    });
    FindFieldRange();
  }

  void FindFieldRange() {
    std::vector<float> least(parts_.size(), 1), most = least;
    ForEachRow([&](const RowPart& part) {
      const auto at = &part - parts_.data();
      for (std::int64_t i = part.first; i < part.behind; ++i) {
        least[at] = std::min(least[at], fit_.field[i]);
        most[at] = std::max(most[at], fit_.field[i]);
      }
    });
    table_.first_field = std::ranges::min(least);
    const double range = std::ranges::max(most) - table_.first_field;
    table_.num_fields = range > 0 ? kFieldSteps : 1;
    table_.field_step = range > 0 ? range / (kFieldSteps - 1) : 1;
  }

  std::int64_t CellOf(std::int64_t voxel) const {
    return levels_[voxel] * table_.num_intensities + steps_[voxel];
  }

  // Three tied Gaussians, then mixes between them.
  void Start() {
    Eigen::MatrixXd rows(table_.num_intensities, 1);
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(table_.num_intensities);
    for (std::int64_t i = 0; i < table_.num_intensities; ++i) rows(i, 0) = table_.Intensity(i);
    for (std::int64_t f = 0; f < table_.num_fields; ++f)
      for (std::int64_t i = 0; i < table_.num_intensities; ++i)
        counts[Nearest(table_.Intensity(i) / table_.Field(f), table_.first_intensity,
                       table_.intensity_step, table_.num_intensities)] +=
            table_.counts[f * table_.num_intensities + i];
    FitOptions options;
    options.num_components = kNumTissues;
    options.covariance_type = CovarianceType::kTied;
    options.init = options_.init;
    options.restarts = options_.restarts;
    options.seed = options_.seed;
    const GaussianMixture found = FitMixture(Samples::FromRows(rows, counts), options).model;
    if (found.num_components() < kNumTissues) FailByValues(found.num_components());
    TissueModel& model = fit_.model;
    model.states = StatesOf(kNumTissues, options_.num_mixes);
    const auto num_mixed = static_cast<Eigen::Index>(model.states.size()) - kNumTissues;
    const double mixed = num_mixed > 0 ? 0.3 : 0;  // of all voxels, to begin with
    model.means.resize(kNumTissues);
    model.weights.resize(kNumTissues + num_mixed);
    const std::array<int, kNumTissues> order = OrderOf(options_.preset);
    for (int k = 0; k < kNumTissues; ++k) {
      model.means[order[k]] = found.means(k, 0);
      model.weights[order[k]] = (1 - mixed) * found.weights[k];
    }
    model.weights.tail(num_mixed).setConstant(
        mixed / static_cast<double>(std::max<Eigen::Index>(1, num_mixed)));
    model.variances.setConstant(options_.variances == TissueVariances::kTied ? 1 : kNumTissues,
                                found.covariances.front()(0, 0));
    if (options_.maps) TakeMeansOf(*options_.maps);
  }

  // Of the voxels, by how probable a tissue is there.
  void TakeMeansOf(const TissueMaps& maps) {
    for (int k = 0; k < kNumTissues; ++k) {
      double sum = 0, weight = 0;
      for (std::int64_t i = 0; i < grid_.size(); ++i) {
        if (!inside_[i]) continue;
        sum += double{maps[k][i]} * intensities_[i];
        weight += maps[k][i];
      }
      if (weight > 0) fit_.model.means[k] = sum / weight;
    }
  }

  // Returns the likelihood with the prior, per voxel, at the start.
  double Step(bool moves_field) {
    const TissueSums sums = Accumulate(fit_.model, table_, nullptr);
    const double objective =
        (sums.log_likelihood - (spline_ ? 0.5 * precision_ * spline_->Roughness() : 0)) /
        sums.num_voxels;
    const double floor = table_.intensity_step * table_.intensity_step / 12;
    Maximize(sums, floor, fit_.model);
    if (moves_field) {
      // Tissues' steps look at the table alone, and settle more slowly than the field.
      constexpr int kMoreSteps = 2;
      for (int i = 0; i < kMoreSteps; ++i)
        Maximize(Accumulate(fit_.model, table_, nullptr), floor, fit_.model);
      FieldTerms terms;
      Accumulate(fit_.model, table_, &terms);
      spline_->Fit(SumsOfBlocks(terms), precision_);
      SetTable();
    }
    return objective;
  }

  BlockSums SumsOfBlocks(const FieldTerms& terms) const {
    const Grid& blocks = spline_->blocks();
    BlockSums sums(blocks.size());
    // Slab by slab of blocks, each in the order of its rows.
    const std::int64_t slab_rows = spline_->block_depth() * grid_.height;
    tbb::parallel_for(std::int64_t{0}, blocks.depth, [&](std::int64_t slab) {
      const auto first = std::ranges::lower_bound(parts_, slab * slab_rows, {}, &RowPart::row);
      const auto behind =
          std::ranges::lower_bound(parts_, (slab + 1) * slab_rows, {}, &RowPart::row);
      for (auto part = first; part != behind; ++part) AddRow(terms, *part, sums);
    });
    return sums;
  }

  void AddRow(const FieldTerms& terms, const RowPart& part, BlockSums& sums) const {
    const std::int64_t start = part.row * grid_.width, width = spline_->block_width();
    const std::int64_t block =
        spline_->BlockOf(0, part.row % grid_.height, part.row / grid_.height);
    for (std::int64_t i = part.first; i < part.behind;) {
      const std::int64_t at = (i - start) / width;
      const std::int64_t behind = std::min(part.behind, start + (at + 1) * width);
      double product = 0, square = 0, count = 0;
      for (; i < behind; ++i) {
        if (!inside_[i]) continue;
        const std::int64_t cell = CellOf(i);
        product += double{terms.product[cell]};
        square += double{terms.square[cell]};
        ++count;
      }
      sums.product[block + at] += product;
      sums.square[block + at] += square;
      sums.count[block + at] += count;
    }
  }

  Grid grid_;
  std::span<const float> intensities_;
  std::span<const std::uint8_t> inside_;
  const TissueOptions& options_;
  std::vector<RowPart> parts_;
  std::vector<std::uint16_t> steps_;  // of the voxels' intensities in the table
  std::vector<std::uint8_t> levels_;  // of the field there
  IntensityTable table_;
  std::optional<SplineField> spline_;  // nothing without bias
  double precision_ = 0;
  TissueFit fit_;
};

}  // namespace

TissueFit FitTissues(const Grid& grid, const std::array<double, 3>& spacing,
                     std::span<const float> intensities, std::span<const std::uint8_t> inside,
                     const TissueOptions& options) {
  if (!options.bias) return Climb(grid, spacing, intensities, inside, options).Run();
  // Of noise a part would be taken for tissues, and these for the field's.
  RequireThree(intensities, inside);
  TissueFit rough =
      Climb(grid, spacing, Smoothed(grid, spacing, intensities, inside), inside, options).Run();
  const bool has_field = rough.converged;
  TissueFit fit = Climb(grid, intensities, inside, options, std::move(rough.field)).Run();
  fit.converged = fit.converged && has_field;
  return fit;
}

}  // namespace gmmseg
