// The folder that outputs go into, and the tree below it that mirrors the inputs'.
#pragma once

#include <gmmseg/inputs.h>
#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

namespace gmmseg {

// Throws ParameterError where it is a file, or neither it nor its parent exists.
void CheckOutputFolder(const boost::filesystem::path& folder);

// Throws ParameterError where one of the names is a folder, a pipe or a device, or exists and may
// not be replaced.
void CheckExisting(const boost::filesystem::path& folder, const std::vector<std::string>& names,
                   ExistingOutputs existing);

// Every folder that the inputs' outputs go into, `top` first, each before those below it.
std::vector<boost::filesystem::path> OutputFolders(const boost::filesystem::path& top,
                                                   const InputList& inputs);

// top/below, with all folders on the way. Throws IoError.
boost::filesystem::path MakeFolder(const boost::filesystem::path& top, const std::string& below);

// Those of OutputFolders that hold nothing, but `top`.
void RemoveEmptyFolders(const boost::filesystem::path& top, const InputList& inputs);

}  // namespace gmmseg
