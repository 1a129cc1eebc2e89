#include "batch/load_input.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text.h"
#include "io/same_grid.h"

namespace gmmseg {
namespace {

std::string Joint(const std::string& image_hash, const std::string& other_hash) {
  return ContentHash(image_hash + " " + other_hash);
}

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

// What goes with an image, and is called `what`, is to be of its grid.
void CheckGrid(const std::string& path, const std::string& what, const GridFacts& grid,
               const JobInput& input, const Raster& image) {
  CheckSameGrid(input.image, GridOf(image), path, grid,
                "give " + what + " of the image's " + (image.volume() ? "grid" : "size"));
}

void CheckOneBand(const std::string& path, const std::string& what, const Raster& raster) {
  if (raster.num_bands() != 1)
    Refuse(path, "has " + Count(raster.num_bands(), "band", "bands") + "; " + what +
                     " has one: save it as a grey image");
}

void TakeMask(const JobInput& input, LoadedImage& image) {
  const LoadedImage loaded = LoadBand(input.mask);
  const Raster& mask = loaded.raster;
  CheckOneBand(input.mask, "a mask", mask);
  CheckGrid(input.mask, "a mask", GridOf(mask), input, image.raster);
  std::int64_t num_inside = 0;
  mask.VisitBand(0, [&](const auto* values) {
    for (std::int64_t i = 0; i < mask.num_pixels(); ++i)
      if (mask.IsValid(i) && values[i] != 0)
        ++num_inside;
      else
        image.raster.Invalidate(i);
  });
  if (num_inside == 0)
    Refuse(input.mask, "is 0 everywhere, so that nothing is left of " + input.image +
                           "; give a mask that is not 0 where it is to be segmented");
  if (num_inside == mask.num_pixels())
    image.warnings.push_back(input.mask + " is nowhere 0, and leaves nothing out");
  image.hash = Joint(image.hash, loaded.hash);
}

void CheckWeightMap(const JobInput& input, const Raster& map, const Raster& image) {
  CheckOneBand(input.weight_map, "a weight map", map);
  CheckGrid(input.weight_map, "a weight map", GridOf(map), input, image);
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
  CheckGrid(input.scribbles, "scribbles", GridOf(strokes), input, image.raster);
  image.raster.SetScribbles(std::move(strokes.labels));
  image.hash = Joint(image.hash, strokes.hash);
}

}  // namespace

JobInput JobInputOf(const InputFile& file) {
  JobInput input(file.path, file.weight_map, file.scribbles);
  input.mask = file.mask;
  input.read = file.read;
  return input;
}

LoadedImage LoadInput(const JobInput& input) {
  LoadedImage image = LoadImage(input.image, input.read);
  if (!input.mask.empty()) TakeMask(input, image);
  if (!input.weight_map.empty()) TakeWeightMap(input, image);
  if (!input.scribbles.empty()) TakeScribbles(input, image);
  for (const std::string& path : input.tissue_maps) image.hash = Joint(image.hash, HashImage(path));
  return image;
}

TissueMaps LoadTissueMaps(const JobInput& input, const Raster& image) {
  TissueMaps maps;
  if (input.tissue_maps.size() != maps.size())
    throw ParameterError(
        Format("%zu maps of tissues; give three, of CSF, GM and WM", input.tissue_maps.size()));
  for (std::size_t k = 0; k < maps.size(); ++k) {
    const std::string& path = input.tissue_maps[k];
    const LoadedImage loaded = LoadBand(path);
    CheckOneBand(path, "a map of a tissue", loaded.raster);
    CheckGrid(path, "maps", GridOf(loaded.raster), input, image);
    maps[k] = Values(loaded.raster);
    const auto [least, most] = std::ranges::minmax(maps[k]);
    if (!(least >= 0 && most > 0))
      Refuse(path,
             Format("lies within %g and %g; a map of a tissue tells how probable it is, from 0 "
                    "on",
                    least, most));
  }
  return maps;
}

std::string HashOfInput(const JobInput& input) {
  std::string hash = HashImage(input.image, input.read);
  for (const std::string& path : {input.mask, input.weight_map, input.scribbles})
    if (!path.empty()) hash = Joint(hash, HashImage(path));
  for (const std::string& path : input.tissue_maps) hash = Joint(hash, HashImage(path));
  return hash;
}

}  // namespace gmmseg
