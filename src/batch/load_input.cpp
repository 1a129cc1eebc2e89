#include "batch/load_input.h"

#include <gmmseg/errors.h>

#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "io/file_bytes.h"

namespace gmmseg {
namespace {

std::string Joint(const std::string& image_hash, const std::string& weights_hash) {
  return ContentHash(image_hash + " " + weights_hash);
}

std::string SizeText(const Raster& raster) {
  return std::to_string(raster.width()) + " x " + std::to_string(raster.height());
}

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

void CheckWeightMap(const JobInput& input, const Raster& map, const Raster& image) {
  if (map.num_bands() != 1)
    Refuse(input.weight_map, "has " + Count(map.num_bands(), "band", "bands") +
                                 "; a weight map has one: save it as a grey image");
  if (map.width() != image.width() || map.height() != image.height() ||
      map.depth() != image.depth())
    Refuse(input.weight_map, "is " + SizeText(map) + " pixels and " + input.image + " " +
                                 SizeText(image) + "; give a weight map of the image's size");
  for (std::int64_t i = 0; i < map.num_pixels(); ++i)
    if (!map.IsValid(i))
      Refuse(input.weight_map, Format("has no weight at x = %d, y = %d, which is NaN, infinite or "
                                      "tagged as no data; give every pixel a weight >= 0",
                                      static_cast<int>(i % map.width()),
                                      static_cast<int>(i / map.width() % map.height())));
}

std::vector<float> Values(const Raster& map) {
  return map.VisitBand(
      0, [&](const auto* values) { return std::vector<float>(values, values + map.num_pixels()); });
}

}  // namespace

LoadedImage LoadInput(const JobInput& input) {
  LoadedImage image = LoadImage(input.image);
  if (input.weight_map.empty()) return image;
  const LoadedImage map = LoadImage(input.weight_map);
  CheckWeightMap(input, map.raster, image.raster);
  try {
    image.raster.SetWeights(Values(map.raster));
  } catch (const ParameterError& error) {
    Refuse(input.weight_map, error.what());
  }
  image.hash = Joint(image.hash, map.hash);
  return image;
}

std::string HashOfInput(const JobInput& input) {
  const std::string hash = ContentHash(ReadImageBytes(input.image));
  if (input.weight_map.empty()) return hash;
  return Joint(hash, ContentHash(ReadImageBytes(input.weight_map)));
}

}  // namespace gmmseg
