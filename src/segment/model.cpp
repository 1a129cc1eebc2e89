#include <gmmseg/model.h>

#include <algorithm>
#include <cmath>

namespace gmmseg {
namespace {

double LogOdds(double probability) { return std::log(probability / (1 - probability)); }

// Where `at` lies between two probabilities, 0…1.
double Fraction(double low, double at, double high) {
  if (low <= 0 || high >= 1) return (at - low) / (high - low);
  return (LogOdds(at) - LogOdds(low)) / (LogOdds(high) - LogOdds(low));
}

}  // namespace

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
