#include <gmmseg/errors.h>
#include <gmmseg/mixture_stats.h>

#include <algorithm>

namespace gmmseg {
namespace {

int TriangleSize(int size) { return size * (size + 1) / 2; }

std::vector<FeatureBlock> PackedBlocks(const GaussianMixture& model) {
  if (model.covariance_type == CovarianceType::kFull ||
      model.covariance_type == CovarianceType::kTied)
    return model.blocks;
  std::vector<FeatureBlock> single;
  for (const FeatureBlock& block : model.blocks)
    for (int d = 0; d < block.size; ++d) single.push_back({block.first + d, 1, block.temper});
  return single;
}

void Add(std::vector<ExactSum>& sums, const std::vector<ExactSum>& others) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += others[i];
}

bool AnyOverflowed(const std::vector<ExactSum>& sums) {
  return std::any_of(sums.begin(), sums.end(),
                     [](const ExactSum& sum) { return sum.overflowed(); });
}

}  // namespace

MixtureStats::MixtureStats(const GaussianMixture& model)
    : centers_(model.means.cast<float>().cast<double>()), packed_blocks_(PackedBlocks(model)) {
  for (const FeatureBlock& block : packed_blocks_) packed_size_ += TriangleSize(block.size);
  const std::size_t num_components = model.num_components();
  s0_.resize(num_components);
  s1_.resize(num_components * model.num_features());
  s2_.resize(num_components * packed_size_);
}

MixtureStats& MixtureStats::operator+=(const MixtureStats& other) {
  if (other.num_components() == 0) return *this;
  if (num_components() == 0) return *this = other;
  if (centers_ != other.centers_ || packed_blocks_ != other.packed_blocks_)
    throw ParameterError(
        "statistics taken at different models cannot be added; take them again at one model");
  n_ += other.n_;
  log_likelihood_ += other.log_likelihood_;
  Add(s0_, other.s0_);
  Add(s1_, other.s1_);
  Add(s2_, other.s2_);
  return *this;
}

bool MixtureStats::overflowed() const {
  return n_.overflowed() || log_likelihood_.overflowed() || AnyOverflowed(s0_) ||
         AnyOverflowed(s1_) || AnyOverflowed(s2_);
}

Eigen::VectorXd MixtureStats::Shift(int k) const {
  const double weight = Weight(k);
  if (weight <= 0) return Eigen::VectorXd::Zero(num_features());
  return Eigen::VectorXd::NullaryExpr(num_features(), [&](Eigen::Index d) {
    return s1_[k * num_features() + d].ToDouble() / weight;
  });
}

Eigen::VectorXd MixtureStats::Mean(int k) const { return centers_.row(k).transpose() + Shift(k); }

Eigen::MatrixXd MixtureStats::Covariance(int k) const {
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(num_features(), num_features());
  const double weight = Weight(k);
  if (weight <= 0) return covariance;
  const Eigen::VectorXd shift = Shift(k);
  const ExactSum* s2 = s2_.data() + static_cast<std::size_t>(k) * packed_size_;
  for (const FeatureBlock& block : packed_blocks_) {
    for (int row = block.first; row < block.first + block.size; ++row)
      for (int column = block.first; column <= row; ++column, ++s2)
        covariance(row, column) = covariance(column, row) =
            s2->ToDouble() / weight - shift[row] * shift[column];
  }
  return covariance;
}

void MixtureStats::AddTotals(double n, double log_likelihood) {
  n_ += n;
  log_likelihood_ += log_likelihood;
}

void MixtureStats::AddComponent(int k, double s0, const double* s1, const double* s2) {
  s0_[k] += s0;
  for (int d = 0; d < num_features(); ++d) s1_[k * num_features() + d] += s1[d];
  for (int p = 0; p < packed_size_; ++p)
    s2_[static_cast<std::size_t>(k) * packed_size_ + p] += s2[p];
}

}  // namespace gmmseg
