#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <string>

namespace gmmseg {

// Writes those of RegionOutputs() that `output` asks for into `folder`; the regions come with their
// memberships where heatmaps are asked for, and are at most 65535 where labels, masks or the
// overlay are. Of a raster that lies on the earth labels are a map, and outlines and table tell
// where on it regions lie; all else are pictures.
void WriteRegionOutputs(const boost::filesystem::path& folder, const std::string& stem,
                        const Raster& raster, const Regions& regions, const OutputOptions& output);

}  // namespace gmmseg
