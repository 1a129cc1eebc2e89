#include "segment/fitted_classes.h"

#include <numeric>
#include <utility>

namespace gmmseg {

ClassTable ClassesOf(const GaussianMixture& mixture, const ComponentMerge& merge) {
  ClassTable classes;
  for (int k = 0; k < mixture.num_components(); ++k)
    while (std::ssize(classes) <= merge.ClassOf(k)) {
      const int index = static_cast<int>(classes.size()) + 1;
      classes.push_back({.index = index,
                         .name = "class " + std::to_string(index),
                         .color = ClassColor(index),
                         .weight = 0,
                         .share = 0,
                         .mean = {}});
    }
  return WithMoments(std::move(classes), mixture, merge);
}

ClassTable WithMoments(ClassTable classes, const GaussianMixture& mixture,
                       const ComponentMerge& merge) {
  for (ClassEntry& entry : classes) entry.weight = 0;
  for (int k = 0; k < mixture.num_components(); ++k) {
    ClassEntry& entry = classes[merge.ClassOf(k)];
    const double weight = mixture.weights[k];
    const Eigen::VectorXd mean = mixture.means.row(k);
    if (entry.weight > 0)
      entry.mean += weight / (entry.weight + weight) * (mean - entry.mean);
    else
      entry.mean = mean;
    entry.weight += weight;
  }
  return classes;
}

ClassTable WithShares(ClassTable classes, std::span<const std::int64_t> pixels) {
  const auto total =
      static_cast<double>(std::accumulate(pixels.begin(), pixels.end(), std::int64_t{0}));
  for (std::size_t k = 0; k < classes.size(); ++k)
    classes[k].share = total > 0 ? static_cast<double>(pixels[k]) / total : 0.0;
  return classes;
}

}  // namespace gmmseg
