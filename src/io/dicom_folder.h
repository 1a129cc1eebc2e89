// Folders of DICOM files.
#pragma once

#include <gmmseg/image_io.h>

#include <string>

namespace gmmseg {

// Whether the folder is read as one image. It is where one of the series in it has several files of
// one slice that say where they lie; else each file is an image by itself, as radiographs are.
// Subfolders and hidden files do not count. False where it is no folder.
bool IsDicomFolder(const std::string& path);

// Of such a folder: its slices in their order as one volume. Throws IoError where it is not all of
// one series: see OrderSlices; and where other images stand beside it.
LoadedImage LoadDicomFolder(const std::string& path);
ImageHeader ReadDicomFolderHeader(const std::string& path);
// As LoadedImage has it: of all files, in the order of the slices.
std::string HashDicomFolder(const std::string& path);

}  // namespace gmmseg
