// The report of a run over many images.
#pragma once

#include <gmmseg/folder_job.h>

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

#include "batch/manifest.h"
#include "render/report.h"

namespace gmmseg {

struct FolderPage {
  const InputList& inputs;
  const FolderOptions& options;
  Manifest manifest;
  std::string settings;  // of this run, as ImageRecord::settings
  const Model* model;    // that images share, or are matched to; null: none
  std::vector<std::string> warnings;
};

// Writes report.html into the output folder `top`: a row for each image of the manifest, with what
// its job wrote for it, and for each input that was not tried. Throws IoError.
void WriteFolderPage(const boost::filesystem::path& top, const FolderPage& facts);

}  // namespace gmmseg
