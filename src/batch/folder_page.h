// The report of a run over many images.
#pragma once

#include <gmmseg/folder_job.h>

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

#include "batch/manifest.h"
#include "render/report.h"

namespace gmmseg {

// Writes report.html into the output folder `top`: a row for each image of the manifest, with what
// its job wrote for it, and `model`, which images share (null: none). Throws IoError.
void WriteFolderPage(const boost::filesystem::path& top, const Manifest& manifest,
                     const FolderOptions& options, const Model* model,
                     const std::vector<std::string>& warnings);

}  // namespace gmmseg
