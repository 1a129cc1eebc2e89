// Mixtures of tissues, some of them within one voxel, seen through a field that multiplies them.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <iterator>
#include <vector>

namespace gmmseg {

// What a voxel may hold: tissue `first` and, of this share, tissue `second`.
struct TissueState {
  int first = 0, second = 0;  // equal where it holds one tissue
  double share = 0;           // of `second`, 0…1
};

// y = b · Σ_k f_k mean_k + noise: a voxel of the state with fractions f, where the field is b, has
// a Gaussian intensity of this mean. Reference: Shattuck et al. 2001, "Magnetic resonance image
// tissue classification using a partial volume model"; mixes at fixed fractions in place of an
// integral over them.
struct TissueModel {
  Eigen::VectorXd means;            // K, where b is 1
  Eigen::VectorXd variances;        // one for all, or K: a mix has that of which it holds more
  std::vector<TissueState> states;  // the K pure ones first
  Eigen::VectorXd weights;          // of the states; they sum to 1

  int num_tissues() const { return static_cast<int>(means.size()); }
  int num_states() const { return static_cast<int>(states.size()); }
  double MeanOf(int state) const;
  double VarianceOf(int state) const { return variances[GroupOf(state)]; }
  // Which variance a state has.
  Eigen::Index GroupOf(int state) const;
  // K shares that sum to 1.
  Eigen::VectorXd FractionsOf(int state) const;
};

// The states of K tissues and, between neighbours 0 and 1, 1 and 2, …, `num_mixes` mixes each, of
// shares 1/(n+1), …, n/(n+1).
std::vector<TissueState> StatesOf(int num_tissues, int num_mixes);

// The states of a model as voxels are compared with them, over and over.
class StateDensities {
 public:
  explicit StateDensities(const TissueModel& model);

  // values[l · stride + i] = ln of the weight of state l times its density at intensities[i] where
  // the field is fields[i].
  void Evaluate(const float* intensities, const float* fields, std::int64_t count, float* values,
                std::int64_t stride) const;
  std::int64_t num_states() const { return std::ssize(peaks_); }

 private:
  struct Peak {
    float mean, half_precision, log_factor;
  };
  std::vector<Peak> peaks_;
};

// How many voxels have which intensity where the field has which value: a likelihood of any number
// of voxels in a table. A voxel's intensity and field are known to half a step.
struct IntensityTable {
  double first_intensity = 0, intensity_step = 1, first_field = 1, field_step = 1;
  std::int64_t num_intensities = 0, num_fields = 0;
  std::vector<std::uint32_t> counts;  // intensities of the first field value, then of the next

  double Intensity(std::int64_t i) const {
    return first_intensity + static_cast<double>(i) * intensity_step;
  }
  double Field(std::int64_t f) const { return first_field + static_cast<double>(f) * field_step; }
};

// What EM needs of the table under a model.
struct TissueSums {
  double log_likelihood = 0;  // of all voxels
  double num_voxels = 0;
  // Per state, over voxels by their posteriors: 1, b², b·y, y².
  Eigen::VectorXd weight, field_square, product, intensity_square;
};

// Per cell of the table what a better field would weigh there, b' minimising Σ ½ square b'² −
// product b': product = y Σ_l p_l m_l/σ_l², square = Σ_l p_l m_l²/σ_l², p the posteriors.
struct FieldTerms {
  std::vector<float> product, square;
};

// The E-step, and the field's terms of the cells that have voxels if they are wanted. The same sums
// for any number of threads. Cost: an exponential per state and cell that has voxels.
TissueSums Accumulate(const TissueModel& model, const IntensityTable& table, FieldTerms* terms);

// The M-step: weights, means given the variances before, and variances given these means, none of
// which lowers the likelihood (Meng and Rubin 1993, "Maximum likelihood estimation via the ECM
// algorithm"). Variances stay at least `floor`.
void Maximize(const TissueSums& sums, double floor, TissueModel& model);

}  // namespace gmmseg
