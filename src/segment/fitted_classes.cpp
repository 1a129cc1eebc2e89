#include "segment/fitted_classes.h"

#include <numeric>

namespace gmmseg {

ClassTable ClassesOf(const GaussianMixture& mixture) {
  ClassTable classes;
  for (int k = 0; k < mixture.num_components(); ++k)
    classes.push_back({.index = k + 1,
                       .name = "class " + std::to_string(k + 1),
                       .color = ClassColor(k + 1),
                       .weight = mixture.weights[k],
                       .share = 0,
                       .mean = mixture.means.row(k)});
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
