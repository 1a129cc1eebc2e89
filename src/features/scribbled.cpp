#include "features/scribbled.h"

namespace gmmseg {
namespace {

bool HasAllFeatures(const Samples& samples, std::int64_t i) {
  for (int d = 0; d < samples.num_features(); ++d)
    if (samples.IsMissing(i, d)) return false;
  return samples.weights()[i] > 0;
}

// Moves the mean to that of more pixels, and gives what their distance adds to the scatter.
// Reference: Chan, Golub and LeVeque (1983), equation 2.1, for weights.
Eigen::MatrixXd MoveMean(ScribbledClass& of, double weight, const Eigen::VectorXd& mean) {
  const Eigen::VectorXd step = mean - of.mean;
  const double total = of.weight + weight;
  const double between = of.weight / total * weight;
  of.mean += weight / total * step;
  of.weight = total;
  return between * step * step.transpose();
}

ScribbledClass NoPixels(int num_features) {
  return {0, Eigen::VectorXd::Zero(num_features),
          Eigen::MatrixXd::Zero(num_features, num_features)};
}

}  // namespace

ScribbledClass& ScribbledClass::operator+=(const ScribbledClass& other) {
  if (other.weight > 0) scatter += other.scatter + MoveMean(*this, other.weight, other.mean);
  return *this;
}

ScribbledClasses ScribbledOf(const Raster& raster, const Samples& plain,
                             const AlignedBuffer<std::uint32_t>& entry) {
  ScribbledClasses classes;
  for (const std::int64_t pixel : ScribbledPixels(raster)) {
    const std::uint16_t number = raster.scribbles()[pixel];
    auto known = classes.find(number);
    if (known == classes.end())
      known = classes.emplace(number, NoPixels(plain.num_features())).first;
    ScribbledClass& of = known->second;
    const std::int64_t sample = entry.empty() ? pixel : entry[pixel];
    const double weight = raster.Weight(pixel);
    if (weight > 0 && HasAllFeatures(plain, sample))
      of.scatter += MoveMean(of, weight, plain.Value(sample));
  }
  return classes;
}

std::vector<std::int64_t> ScribbledPixels(const Raster& raster) {
  std::vector<std::int64_t> pixels;
  for (std::int64_t i = 0; i < std::ssize(raster.scribbles()); ++i)
    if (raster.scribbles()[i] > 0) pixels.push_back(i);
  return pixels;
}

}  // namespace gmmseg
