#include "io/nifti_header.h"

#include <gmmseg/errors.h>
#include <nifti2_io.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace gmmseg {
namespace {

static_assert(sizeof(nifti_1_header) == kNifti1Bytes && sizeof(nifti_2_header) == kNifti2Bytes);

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

// In this machine's byte order.
template <typename Header>
Header HeaderOf(const NiftiFiles& files) {
  Header header;
  std::memcpy(&header, files.header.data(), sizeof header);
  if (files.is_swapped)
    swap_nifti_header(&header, files.format == NiftiFormat::kNifti2   ? 2
                               : files.format == NiftiFormat::kNifti1 ? 1
                                                                      : 0);
  return header;
}

template <typename Header>
std::string SizeText(const Header& header) {
  std::string text;
  for (int axis = 1; axis <= header.dim[0]; ++axis)
    text += (text.empty() ? "" : " x ") + std::to_string(header.dim[axis]);
  return text;
}

template <typename Header>
std::array<std::int64_t, 4> SizeOf(const std::string& path, const Header& header) {
  constexpr int kMost = 4;
  if (header.dim[0] < 1 || header.dim[0] > 7)
    Fail(path, "dim[0] = " + std::to_string(header.dim[0]) +
                   " in its header; the number of dimensions must be 1 to 7: export it again");
  std::array<std::int64_t, 4> size{1, 1, 1, 1};
  for (int axis = 1; axis <= header.dim[0]; ++axis) {
    if (header.dim[axis] < 1)
      Fail(path, Format("dim[%d] = %lld in its header; every dimension must be >= 1: export it "
                        "again",
                        axis, static_cast<long long>(header.dim[axis])));
    if (axis > kMost && header.dim[axis] > 1)
      Fail(path, "has " + std::to_string(header.dim[0]) + " dimensions (" + SizeText(header) +
                     "); those of 1 to 4 are read: split it into volumes");
    if (axis <= kMost) size[axis - 1] = header.dim[axis];
  }
  return size;
}

double MillimetresPerUnit(int xyzt_units) {
  switch (XYZT_TO_SPACE(xyzt_units)) {
    case NIFTI_UNITS_METER:
      return 1000;
    case NIFTI_UNITS_MICRON:
      return 1e-3;
    default:
      return 1;
  }
}

double Determinant(const VoxelToWorld& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
         m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

// Whether it is a place at all.
bool IsPlace(const VoxelToWorld& m) {
  const bool is_finite = std::ranges::all_of(m, [](const std::array<double, 4>& row) {
    return std::ranges::all_of(row, [](double value) { return std::isfinite(value); });
  });
  return is_finite && Determinant(m) != 0;
}

template <typename Header>
VoxelToWorld SformOf(const Header& header) {
  VoxelToWorld m;
  std::copy_n(header.srow_x, 4, m[0].begin());
  std::copy_n(header.srow_y, 4, m[1].begin());
  std::copy_n(header.srow_z, 4, m[2].begin());
  return m;
}

template <typename Header>
VoxelToWorld QformOf(const Header& header, const std::array<double, 3>& spacing) {
  const nifti_dmat44 q = nifti_quatern_to_dmat44(
      header.quatern_b, header.quatern_c, header.quatern_d, header.qoffset_x, header.qoffset_y,
      header.qoffset_z, spacing[0], spacing[1], spacing[2], header.pixdim[0] < 0 ? -1 : 1);
  VoxelToWorld m;
  for (int r = 0; r < 3; ++r) std::copy_n(q.m[r], 4, m[r].begin());
  return m;
}

// That of an axis without extent is of no account. Otherwise where pixdim is no spacing the
// sform's may be.
template <typename Header>
double SpacingOf(const std::string& path, const Header& header, int axis, std::int64_t size,
                 const VoxelToWorld* sform) {
  const double given = header.pixdim[axis + 1];
  if (given > 0 && std::isfinite(given)) return given;
  if (sform) return std::hypot((*sform)[0][axis], (*sform)[1][axis], (*sform)[2][axis]);
  if (size == 1) return 1;
  Fail(path, Format("pixdim[%d] = %g in its header; a spacing must be > 0, and there is no sform "
                    "that gives it: set it",
                    axis + 1, given));
}

template <typename Header>
VolumeGeometry GeometryOf(const std::string& path, const Header& header,
                          const std::array<std::int64_t, 4>& size) {
  VolumeGeometry geometry;
  const VoxelToWorld sform = SformOf(header);
  const bool has_sform = header.sform_code > 0 && IsPlace(sform);
  for (int axis = 0; axis < 3; ++axis)
    geometry.spacing[axis] =
        SpacingOf(path, header, axis, size[axis], has_sform ? &sform : nullptr);
  if (has_sform) {
    geometry.to_world = sform;
  } else if (const VoxelToWorld qform = QformOf(header, geometry.spacing);
             header.qform_code > 0 && IsPlace(qform)) {
    geometry.to_world = qform;
  } else {
    for (int axis = 0; axis < 3; ++axis) geometry.to_world[axis][axis] = geometry.spacing[axis];
  }
  const double scale = MillimetresPerUnit(header.xyzt_units);
  for (double& spacing : geometry.spacing) spacing *= scale;
  for (std::array<double, 4>& row : geometry.to_world)
    for (double& value : row) value *= scale;
  return geometry;
}

// Before the first voxel, in a file of its own or behind the header.
template <typename Header>
std::int64_t VoxelsAt(const NiftiFiles& files, const Header& header) {
  const auto offset = static_cast<double>(header.vox_offset);
  constexpr double kMost = std::int64_t{1} << 40;
  if (!(offset >= 0 && offset <= kMost))
    Fail(files.header_path, Format("vox_offset = %g in its header; the voxels must begin at a byte "
                                   ">= 0: export it again",
                                   offset));
  constexpr std::int64_t kExtensions = 4;  // the bytes that say whether there are any
  const std::int64_t least =
      files.is_pair ? 0 : static_cast<std::int64_t>(sizeof(Header)) + kExtensions;
  return std::max(least, static_cast<std::int64_t>(offset));
}

template <typename Header>
NiftiFacts FactsIn(const NiftiFiles& files, const Header& header) {
  NiftiFacts facts;
  facts.size = SizeOf(files.header_path, header);
  facts.type = header.datatype;
  const double slope = header.scl_slope, intercept = header.scl_inter;
  if (files.format != NiftiFormat::kAnalyze && slope != 0 && std::isfinite(slope)) {
    facts.slope = slope;
    facts.intercept = std::isfinite(intercept) ? intercept : 0;
  }
  facts.voxels_at = VoxelsAt(files, header);
  facts.geometry = GeometryOf(files.header_path, header, facts.size);
  facts.geometry.nifti_header = files.header;
  return facts;
}

// ANALYZE has other fields where NIfTI has its forms; of it the size and the spacing are taken.
nifti_1_header WithoutForms(const nifti_1_header& analyze) {
  nifti_1_header header{};
  header.sizeof_hdr = static_cast<int>(kNifti1Bytes);
  std::ranges::copy(analyze.dim, header.dim);
  header.datatype = analyze.datatype;
  header.bitpix = analyze.bitpix;
  std::ranges::copy(analyze.pixdim, header.pixdim);
  header.pixdim[0] = 1;
  header.vox_offset = analyze.vox_offset;
  std::memcpy(header.magic, "ni1", sizeof header.magic);
  return header;
}

}  // namespace

NiftiFacts FactsOf(const NiftiFiles& files) {
  if (files.format == NiftiFormat::kNifti2) return FactsIn(files, HeaderOf<nifti_2_header>(files));
  const auto header = HeaderOf<nifti_1_header>(files);
  if (files.format == NiftiFormat::kNifti1) return FactsIn(files, header);
  const nifti_1_header converted = WithoutForms(header);
  NiftiFacts facts = FactsIn(files, converted);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&converted);
  facts.geometry.nifti_header.assign(bytes, bytes + sizeof converted);
  return facts;
}

}  // namespace gmmseg
