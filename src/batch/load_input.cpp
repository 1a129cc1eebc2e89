#include "batch/load_input.h"

#include <gmmseg/errors.h>

#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"

namespace gmmseg {
namespace {

std::string Joint(const std::string& image_hash, const std::string& other_hash) {
  return ContentHash(image_hash + " " + other_hash);
}

std::string SizeText(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

// What goes with an image, and is called `what`, is to be of its size.
void CheckSize(const std::string& path, const std::string& what, std::int64_t width,
               std::int64_t height, const JobInput& input, const Raster& image) {
  if (width != image.width() || height != image.height() || image.depth() != 1)
    Refuse(path, "is " + SizeText(width, height) + " pixels and " + input.image + " " +
                     SizeText(image.width(), image.height()) + "; give " + what +
                     " of the image's size");
}

void CheckWeightMap(const JobInput& input, const Raster& map, const Raster& image) {
  if (map.num_bands() != 1)
    Refuse(input.weight_map, "has " + Count(map.num_bands(), "band", "bands") +
                                 "; a weight map has one: save it as a grey image");
  CheckSize(input.weight_map, "a weight map", map.width(), map.height(), input, image);
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

void TakeWeightMap(const JobInput& input, LoadedImage& image) {
  const LoadedImage map = LoadImage(input.weight_map);
  CheckWeightMap(input, map.raster, image.raster);
  try {
    image.raster.SetWeights(Values(map.raster));
  } catch (const ParameterError& error) {
    Refuse(input.weight_map, error.what());
  }
  image.hash = Joint(image.hash, map.hash);
}

void TakeScribbles(const JobInput& input, LoadedImage& image) {
  LoadedLabels strokes = LoadLabels(input.scribbles);
  CheckSize(input.scribbles, "scribbles", strokes.width, strokes.height, input, image.raster);
  image.raster.SetScribbles(std::move(strokes.labels));
  image.hash = Joint(image.hash, strokes.hash);
}

}  // namespace

JobInput JobInputOf(const InputFile& file) {
  JobInput input(file.path, file.weight_map, file.scribbles);
  input.read = file.read;
  return input;
}

LoadedImage LoadInput(const JobInput& input) {
  LoadedImage image = LoadImage(input.image, input.read);
  if (!input.weight_map.empty()) TakeWeightMap(input, image);
  if (!input.scribbles.empty()) TakeScribbles(input, image);
  return image;
}

std::string HashOfInput(const JobInput& input) {
  std::string hash = HashImage(input.image, input.read);
  for (const std::string& path : {input.weight_map, input.scribbles})
    if (!path.empty()) hash = Joint(hash, HashImage(path));
  return hash;
}

}  // namespace gmmseg
