// What a job reads: an image and the files of its grid that go with it.
#pragma once

#include <gmmseg/image_io.h>
#include <gmmseg/inputs.h>
#include <gmmseg/job.h>

#include <string>

namespace gmmseg {

JobInput JobInputOf(const InputFile& file);

// The image within its mask with its weights and scribbles, and the hash as TrainingInput has it.
// Throws IoError(kRead) as LoadImage and LoadLabels do, where the mask, the weight map or the
// scribbles are of another grid, where the mask or the weight map has more than one band, where the
// mask leaves nothing, and where the weight map lacks a weight >= 0 for a pixel.
LoadedImage LoadInput(const JobInput& input);

// The tissues' maps of an image that has them. Throws IoError(kRead) as LoadInput does of a mask,
// and where a map has a value below 0 or all are 0.
TissueMaps LoadTissueMaps(const JobInput& input, const Raster& image);

// The same hash without decoding anything. Throws IoError where a file cannot be read.
std::string HashOfInput(const JobInput& input);

}  // namespace gmmseg
