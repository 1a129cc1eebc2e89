#include <gmmseg/model.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/text.h"

namespace gmmseg {
namespace {

double LogOdds(double probability) { return std::log(probability / (1 - probability)); }

// Where `at` lies between two probabilities, 0…1.
double Fraction(double low, double at, double high) {
  if (low <= 0 || high >= 1) return (at - low) / (high - low);
  return (LogOdds(at) - LogOdds(low)) / (LogOdds(high) - LogOdds(low));
}

}  // namespace

std::string HashOfMixture(const Model& model) {
  const GaussianMixture& mixture = model.mixture();
  std::string text;
  const auto add = [&text](const auto& matrix) {
    for (const double x : matrix.reshaped()) text += Format("%a ", x);
  };
  for (const FeatureInfo& info : model.features.info) text += info.source + " " + info.name + "\n";
  for (const FeatureBlock& block : model.features.blocks)
    text += Format("%d %d %a ", block.first, block.size, block.temper);
  const FeatureSpec& spec = model.features.spec;
  text += std::string(ToString(spec.missing)) + " ";
  if (spec.scale != BandScale::kLinear) text += std::string(ToString(spec.scale)) + " ";
  if (spec.projection) {
    add(spec.projection->mean);
    add(spec.projection->rows);
  }
  text += ToString(mixture.covariance_type);
  text += " ";
  text += ToString(model.fit.method);
  add(model.standardization.offset);
  add(model.standardization.scale);
  add(mixture.weights);
  add(mixture.means);
  for (const Eigen::MatrixXd& covariance : mixture.covariances) add(covariance);
  return ContentHash(text);
}

std::optional<double> TrainingQuantile(const Model& model, double probability) {
  const std::vector<DensityQuantile>& stored = model.log_density_quantiles;
  const auto above =
      std::ranges::lower_bound(stored, probability, {}, &DensityQuantile::probability);
  if (above == stored.end()) return std::nullopt;
  if (above->probability == probability) return above->log_density;
  if (above == stored.begin()) return std::nullopt;
  const DensityQuantile& below = *std::prev(above);
  const double fraction = Fraction(below.probability, probability, above->probability);
  return below.log_density + fraction * (above->log_density - below.log_density);
}

}  // namespace gmmseg
