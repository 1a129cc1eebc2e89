// Names and colours of classes for the viewers of volumes, and how much of each there is: the texts
// of files that stand beside labels.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/class_volumes.h>

#include <string>
#include <vector>

namespace gmmseg {

// A label description file of ITK-SNAP; 0 is its "Clear Label".
std::string ItkSnapLabels(const ClassTable& classes);

// A colour table of 3D Slicer, where names have no blanks.
std::string SlicerColors(const ClassTable& classes);

inline constexpr char kVolumesCsvStart[] = "class,name,voxels,ml,ml_weighted";
std::string VolumesCsv(const ClassTable& classes, const std::vector<ClassVolume>& volumes);

}  // namespace gmmseg
