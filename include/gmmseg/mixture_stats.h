// MixtureStats: what one look at the samples leaves behind; all that EM ever knows of them.
#pragma once

#include <gmmseg/exact_sum.h>
#include <gmmseg/gaussian_mixture.h>

#include <Eigen/Core>
#include <span>
#include <vector>

namespace gmmseg {

// Sums over samples i with weights w_i and responsibilities r_ik under one fixed model, moments
// about that model's means c_k:
//   n = Σ w,  log_likelihood = Σ w log p(x),  s0_k = Σ w r,  s1_k = Σ w r (x - c_k),  s2_k = Σ w r
//   (x - c_k)(x - c_k)ᵀ.
// Mergeable: a default-constructed value is the identity, += adds the sums of other samples taken
// at the same model, and any grouping of whole tiles gives the same bits. Size: K·(1 + D + Σ_b
// D_b(D_b+1)/2) exact sums of 24 bytes.
class MixtureStats {
 public:
  MixtureStats() = default;
  // Empty sums about the means of `model`; second moments within its blocks (the diagonal alone for
  // diagonal and spherical covariances).
  explicit MixtureStats(const GaussianMixture& model);

  // Throws ParameterError if the two were taken at different models.
  MixtureStats& operator+=(const MixtureStats& other);

  int num_components() const { return static_cast<int>(centers_.rows()); }
  int num_features() const { return static_cast<int>(centers_.cols()); }
  double num_samples() const { return n_.ToDouble(); }
  double log_likelihood() const { return log_likelihood_.ToDouble(); }
  bool overflowed() const;

  Eigen::VectorXd Center(int k) const { return centers_.row(k); }
  double Weight(int k) const { return s0_[k].ToDouble(); }  // Σ w r
  Eigen::VectorXd Mean(int k) const;  // weighted mean of the samples; the centre where Weight is 0
  Eigen::MatrixXd Covariance(
      int k) const;  // about that mean, zero between blocks; zero where Weight is 0

  // For files: what the sums are about, and all of them in the order n, log_likelihood, s0 [K],
  // s1 [K·D], s2 [K·packed_size]. FromSums throws ParameterError where the numbers of entries do
  // not fit together.
  const Eigen::MatrixXd& centers() const { return centers_; }  // K × D
  std::vector<ExactSum> Sums() const;
  static MixtureStats FromSums(const Eigen::MatrixXd& centers,
                               const std::vector<FeatureBlock>& packed_blocks,
                               std::span<const ExactSum> sums);

  // For the code that fills it: one tile's double sums, in the order s1[D] and packed s2 (see
  // PackedBlocks).
  void AddTotals(double n, double log_likelihood);
  void AddComponent(int k, double s0, const double* s1, const double* s2);
  // The same of whole vectors and matrices; what is not kept is not looked at.
  void AddComponent(int k, double s0, const Eigen::VectorXd& s1, const Eigen::MatrixXd& s2);

  // The blocks whose second moments are kept, packed one after another, each as its lower triangle
  // by rows.
  const std::vector<FeatureBlock>& packed_blocks() const { return packed_blocks_; }
  int packed_size() const { return packed_size_; }

 private:
  MixtureStats(const Eigen::MatrixXd& centers, const std::vector<FeatureBlock>& packed_blocks);
  Eigen::VectorXd Shift(int k) const;  // from the centre to the mean

  Eigen::MatrixXd centers_;  // K × D, as the kernels saw them: rounded to float
  std::vector<FeatureBlock> packed_blocks_;
  int packed_size_ = 0;
  ExactSum n_, log_likelihood_;
  std::vector<ExactSum> s0_, s1_, s2_;  // K, K·D, K·packed_size
};

}  // namespace gmmseg
