// From the words of a user to the images they stand for, and to the names of what is written for
// each.
#pragma once

#include <gmmseg/image_io.h>

#include <cstdint>
#include <string>
#include <vector>

namespace gmmseg {

// One image and where its outputs belong. Names are bytes, as the file system has them.
struct InputFile {
  std::string path;    // to open
  std::string name;    // below the folder that all inputs share: "trip/photo.jpg"
  std::string folder;  // the same without the file's name: "trip", or "" at the top
  std::string stem;  // what the outputs' names start with: "photo", or "photo.jpg" where photo.png
                     // stands beside it
  std::string mask = {}, weight_map = {}, scribbles = {};  // to open; empty: none
  ReadOptions read = {};                                   // of the image
};

// What a walk through folders left out.
struct SkippedFiles {
  std::int64_t hidden = 0;       // names that start with a dot
  std::int64_t not_images = 0;   // neither by name nor by content
  std::int64_t subfolders = 0;   // without `kRecursive`
  std::int64_t links = 0;        // that lead nowhere, in a circle, or to a folder seen before
  std::int64_t own_outputs = 0;  // the output folder, and files that an earlier run wrote

  std::int64_t total() const { return hidden + not_images + subfolders + links + own_outputs; }
};

struct InputList {
  std::vector<InputFile> files;  // ascending by name, each file once
  SkippedFiles skipped;
  std::vector<std::string> unreadable;  // folders that could not be listed: one message each
};

enum class Subfolders { kSkip, kWalk };

// A folder of DICOM slices, where one series has several, is one image, whose name is the folder's:
// see ReadImage.
// Each word is a file, a folder, a pattern with *, ? or [ (where no file is called so), or
// "@list.txt", a file of paths, one per line, or separated by zero bytes. Files that are named are
// taken as they are; of those in folders and those that match a pattern, those that have the
// extension of an image or, with another extension, the content of one. Left out are
// `output_folder`, and what the manifests there and in the folders on the way say was written.
// Throws IoError where a folder named by the user cannot be read, a list cannot be read, or a
// pattern matches nothing.
InputList FindInputs(const std::vector<std::string>& words, Subfolders subfolders,
                     const std::string& output_folder);

// What goes with the input of this InputFile::name, as a weight map does: `path` itself, or where
// that is a folder, the image in it of the same name, whatever the two extensions; "" where there
// is none. Throws IoError(kRead) where there are several.
std::string FindCompanion(const std::string& path, const std::string& name);
// The same, which must be there; `what` is what it is called: "weight map".
std::string RequireCompanion(const std::string& path, const std::string& name,
                             const std::string& what);

// Whether the words mean one file, or one folder that is an image, whose outputs go into a folder
// by themselves.
bool IsOneFile(const std::vector<std::string>& words);

}  // namespace gmmseg
