// What tells a NIfTI or ANALYZE file, and which file goes with which. Needs no library.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/image_backend.h"

namespace gmmseg {

enum class NiftiFormat { kNifti1, kNifti2, kAnalyze };

// NIfTI-2's header is the longest.
inline constexpr std::size_t kNifti1Bytes = 348, kNifti2Bytes = 540;

struct NiftiFiles {
  NiftiFormat format = NiftiFormat::kNifti1;
  bool is_swapped = false;            // not in this machine's byte order
  bool is_pair = false;               // header and voxels are two files
  std::vector<unsigned char> header;  // its bytes, as the file has them, unpacked
  std::string header_path;
  std::string voxels_path;  // the same where it is no pair; empty where that file is missing
};

// Nothing: the source is neither a header (plain, or packed by gzip) nor the voxels beside one,
// "scan.img" beside "scan.hdr". Throws IoError where a name ends in ".nii" or ".nii.gz" and the
// header is cut off or has no magic number.
std::optional<NiftiFiles> FindNiftiFiles(const ImageSource& source);

// The file that goes with this one as a header and its voxels do; empty: none.
std::string NiftiPartner(const ImageSource& source);

// Whether a name is that of the voxels of a pair whose header stands beside it.
bool IsVoxelsOfPair(const std::string& path);

}  // namespace gmmseg
