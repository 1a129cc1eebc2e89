#include <gmmseg/errors.h>
#include <gmmseg/mixture_stats.h>

#include <algorithm>
#include <string>

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

MixtureStats::MixtureStats(const Eigen::MatrixXd& centers,
                           const std::vector<FeatureBlock>& packed_blocks)
    : centers_(centers), packed_blocks_(packed_blocks) {
  for (const FeatureBlock& block : packed_blocks_) packed_size_ += TriangleSize(block.size);
  s0_.resize(centers_.rows());
  s1_.resize(centers_.size());
  s2_.resize(static_cast<std::size_t>(centers_.rows()) * packed_size_);
}

MixtureStats::MixtureStats(const GaussianMixture& model)
    : MixtureStats(model.means.cast<float>().cast<double>(), PackedBlocks(model)) {}

std::vector<ExactSum> MixtureStats::Sums() const {
  std::vector<ExactSum> sums = {n_, log_likelihood_};
  for (const auto* part : {&s0_, &s1_, &s2_}) sums.insert(sums.end(), part->begin(), part->end());
  return sums;
}

MixtureStats MixtureStats::FromSums(const Eigen::MatrixXd& centers,
                                    const std::vector<FeatureBlock>& packed_blocks,
                                    std::span<const ExactSum> sums) {
  ValidateBlocks(packed_blocks, static_cast<int>(centers.cols()));
  MixtureStats stats(centers, packed_blocks);
  const std::size_t expected = stats.Sums().size();
  if (sums.size() != expected)
    throw ParameterError(std::to_string(sums.size()) + " sums; " + std::to_string(centers.rows()) +
                         " components over " + std::to_string(centers.cols()) + " features have " +
                         std::to_string(expected));
  auto next = sums.begin();
  stats.n_ = *next++;
  stats.log_likelihood_ = *next++;
  for (auto* part : {&stats.s0_, &stats.s1_, &stats.s2_}) {
    std::copy_n(next, part->size(), part->begin());
    next += static_cast<std::ptrdiff_t>(part->size());
  }
  return stats;
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

void MixtureStats::AddComponent(int k, double s0, const Eigen::VectorXd& s1,
                                const Eigen::MatrixXd& s2) {
  std::vector<double> packed;
  packed.reserve(packed_size_);
  for (const FeatureBlock& block : packed_blocks_)
    for (int row = block.first; row < block.first + block.size; ++row)
      for (int column = block.first; column <= row; ++column) packed.push_back(s2(row, column));
  AddComponent(k, s0, s1.data(), packed.data());
}

void MixtureStats::AddComponent(int k, double s0, const double* s1, const double* s2) {
  s0_[k] += s0;
  for (int d = 0; d < num_features(); ++d) s1_[k * num_features() + d] += s1[d];
  for (int p = 0; p < packed_size_; ++p)
    s2_[static_cast<std::size_t>(k) * packed_size_ + p] += s2[p];
}

}  // namespace gmmseg
