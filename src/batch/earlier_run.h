// What earlier runs left in the output folder: what of it stays, may be replaced, or must go.
#pragma once

#include <gmmseg/inputs.h>

#include <boost/filesystem/path.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "batch/manifest.h"

namespace gmmseg {

class EarlierRuns {
 public:
  EarlierRuns() = default;
  EarlierRuns(const boost::filesystem::path& top, const InputList& inputs, Manifest manifest);

  const std::vector<ModelRecord>& models() const { return manifest_.models; }

  // The record of an image that was done with the same settings and the same content, and whose
  // outputs are there.
  std::optional<ImageRecord> Done(const InputFile& file, const std::string& settings) const;

  // Whether a run that ended it had the input with other content than this.
  bool HadOther(const InputFile& file, const std::string& hash) const;

  // Throws ParameterError where one of the input's outputs exists that no run is known to have
  // written.
  void RequireKnown(const InputFile& file, const std::vector<std::string>& names) const;

  // Removes what was written for the input and is not among `outputs`, unless it belongs to another
  // input now.
  void RemoveFormer(const InputFile& file, const std::vector<std::string>& outputs) const;

 private:
  // Whether the last record of the input names the output.
  bool Wrote(const InputFile& file, const std::string& output) const;
  // Whether the output is one of the input's, by any stem that it can have had, and of no other
  // input's.
  bool IsFormer(const InputFile& file, const std::string& output) const;

  boost::filesystem::path top_;
  std::set<std::pair<std::string, std::string>> stems_;  // folder and stem of every input
  Manifest manifest_;
};

}  // namespace gmmseg
