// What a job reads: an image and the files of its grid that go with it.
#pragma once

#include <gmmseg/image_io.h>
#include <gmmseg/job.h>

#include <string>

namespace gmmseg {

// The image with its weights, and the hash as TrainingInput has it. Throws IoError(kRead) as
// LoadImage does, and where the weight map is of another size, has more than one band, or lacks a
// weight >= 0 for a pixel.
LoadedImage LoadInput(const JobInput& input);

// The same hash without decoding anything. Throws IoError where a file cannot be read.
std::string HashOfInput(const JobInput& input);

}  // namespace gmmseg
