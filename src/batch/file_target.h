// The one file that a job writes.
#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <functional>
#include <string>

#include "io/staged_file.h"

namespace gmmseg {

class FileTarget {
 public:
  // Throws ParameterError where the path is a folder's, its folder's parent is missing, or the file
  // exists and is not to be replaced.
  FileTarget(const std::string& path, ExistingOutputs existing);

  // The file appears as `fill` leaves it, or not at all; its folder is made where it is missing.
  // Throws IoError where it cannot be written.
  void Write(const std::function<void(StagedFile& file)>& fill) const;

 private:
  boost::filesystem::path folder_;
  std::string name_;
};

}  // namespace gmmseg
