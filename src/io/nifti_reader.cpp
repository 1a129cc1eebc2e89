// NIfTI-1 and -2 and ANALYZE: the library's words for headers, and voxels that are taken from the
// file as they are, for it turns NaN into 0 on its way.
#include <gmmseg/errors.h>
#include <nifti1.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/text.h"
#include "base/tile_loop.h"
#include "io/file_bytes.h"
#include "io/gunzip.h"
#include "io/image_backend.h"
#include "io/interleaved.h"
#include "io/nifti_files.h"
#include "io/nifti_header.h"

namespace gmmseg {
namespace {

constexpr char kFormat[] = "NIfTI";

// Values of a file, in this machine's byte order.
template <typename T>
class StoredValues {
 public:
  using Value = T;

  StoredValues(const unsigned char* bytes, bool is_swapped)
      : bytes_(bytes), is_swapped_(is_swapped) {}

  T operator[](std::int64_t i) const {
    std::array<unsigned char, sizeof(T)> value;
    std::memcpy(value.data(), bytes_ + i * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
    if (is_swapped_) std::ranges::reverse(value);
    return std::bit_cast<T>(value);
  }

 private:
  const unsigned char* bytes_;
  bool is_swapped_;
};

struct ColorType {
  int channels;
};

// Calls visit(T()) with the type of the stored values, or visit(ColorType()).
template <typename Visitor>
auto VisitType(const std::string& path, int type, const Visitor& visit) {
  switch (type) {
    case NIFTI_TYPE_UINT8:
      return visit(std::uint8_t());
    case NIFTI_TYPE_INT8:
      return visit(std::int8_t());
    case NIFTI_TYPE_UINT16:
      return visit(std::uint16_t());
    case NIFTI_TYPE_INT16:
      return visit(std::int16_t());
    case NIFTI_TYPE_UINT32:
      return visit(std::uint32_t());
    case NIFTI_TYPE_INT32:
      return visit(std::int32_t());
    case NIFTI_TYPE_UINT64:
      return visit(std::uint64_t());
    case NIFTI_TYPE_INT64:
      return visit(std::int64_t());
    case NIFTI_TYPE_FLOAT32:
      return visit(float());
    case NIFTI_TYPE_FLOAT64:
      return visit(double());
    case NIFTI_TYPE_RGB24:
      return visit(ColorType{3});
    case NIFTI_TYPE_RGBA32:
      return visit(ColorType{4});
    default:
      throw IoError(IoError::Operation::kRead,
                    path + ": its voxels are of the type " + std::to_string(type) +
                        ", which is not read; convert it to integers of 8 to 64 bits, to floats of "
                        "32 or 64 bits, or to RGB");
  }
}

template <typename T>
constexpr bool kIsColor = std::is_same_v<T, ColorType>;

std::int64_t BytesPerVoxel(const std::string& path, int type) {
  return VisitType(path, type, []<typename T>(T kind) -> std::int64_t {
    if constexpr (kIsColor<T>)
      return kind.channels;
    else
      return sizeof kind;
  });
}

// A header, and where its voxels come from.
struct NiftiInput {
  explicit NiftiInput(const ImageSource& image, NiftiFiles found)
      : source(image),
        files(std::move(found)),
        facts(FactsOf(files)),
        bytes_per_voxel(BytesPerVoxel(source.path, facts.type)) {
    constexpr double kMostVoxels = std::int64_t{1} << 40;
    if (num_bytes() / static_cast<double>(bytes_per_voxel) > kMostVoxels)
      Refuse("its header says " + SizeText() + "; 2^40 are the most: the header is damaged");
    if (facts.size[3] > kMaxBands)
      Refuse("has " + std::to_string(facts.size[3]) + " volumes; 65535 are the most: split it");
    if (facts.size[3] > 1 && IsColor()) Refuse("has several volumes of colours; split it");
  }

  [[noreturn]] void Refuse(const std::string& what) const {
    throw IoError(IoError::Operation::kRead, source.path + ": " + what);
  }
  bool IsColor() const { return facts.type == NIFTI_TYPE_RGB24 || facts.type == NIFTI_TYPE_RGBA32; }
  double num_bytes() const {
    double bytes = static_cast<double>(bytes_per_voxel);
    for (const std::int64_t size : facts.size) bytes *= static_cast<double>(size);
    return bytes;
  }
  std::int64_t bytes_per_slice() const { return facts.size[0] * facts.size[1] * bytes_per_voxel; }
  std::string SizeText() const {
    std::string text = std::to_string(facts.size[0]);
    for (int axis = 1; axis < 4; ++axis)
      if (axis < 3 || facts.size[3] > 1) text += " x " + std::to_string(facts.size[axis]);
    return text + " voxels of " + Count(bytes_per_voxel, "byte", "bytes");
  }

  const ImageSource& source;
  NiftiFiles files;
  NiftiFacts facts;
  std::int64_t bytes_per_voxel;
};

std::optional<NiftiInput> OpenNifti(const ImageSource& source) {
  std::optional<NiftiFiles> files = FindNiftiFiles(source);
  if (!files) return std::nullopt;
  if (files->voxels_path.empty())
    throw IoError(IoError::Operation::kRead,
                  source.path +
                      ": is a header whose voxels are missing; put the file beside it "
                      "that is called as it is and ends in .img");
  return NiftiInput(source, std::move(*files));
}

// Before anything is allocated: can so many voxels come from a file of that size?
void CheckFits(const NiftiInput& input, bool is_packed, std::int64_t file_size) {
  constexpr double kMostPerByte = 1032;  // of deflate
  const auto size = static_cast<double>(file_size);
  const double needed = static_cast<double>(input.facts.voxels_at) + input.num_bytes();
  if (is_packed && needed > kMostPerByte * size)
    input.Refuse("its header says " + input.SizeText() + ", which cannot come from a file of " +
                 std::to_string(file_size) + " bytes; the header is damaged");
  if (!is_packed && needed > size)
    ThrowTruncated(input.source, kFormat,
                   "its header says " + input.SizeText() + Format(", %.0f bytes in all", needed) +
                       ", and there are " + std::to_string(file_size));
}

// Voxels that are one slice more than the header knows of are those of another header.
[[noreturn]] void ThrowTooMany(const NiftiInput& input) {
  ThrowDamaged(input.source, kFormat,
               "its header says " + input.SizeText() + ", and there are more");
}

std::vector<unsigned char> Unpack(const NiftiInput& input, std::span<const unsigned char> bytes) {
  GzipInput gzip(bytes);
  const auto require = [&](std::size_t got, std::size_t wanted) {
    if (got < wanted || !gzip.problem().empty())
      ThrowTruncated(input.source, std::string("or damaged ") + kFormat,
                     gzip.problem().empty()
                         ? "its header says " + input.SizeText() + ", and there are fewer"
                         : gzip.problem());
  };
  std::vector<unsigned char> before(static_cast<std::size_t>(input.facts.voxels_at));
  require(gzip.Read(before), before.size());
  std::vector<unsigned char> voxels(static_cast<std::size_t>(input.num_bytes()));
  require(gzip.Read(voxels), voxels.size());
  std::vector<unsigned char> more(static_cast<std::size_t>(input.bytes_per_slice()));
  const std::size_t behind = gzip.Read(more);
  require(behind, 0);
  if (behind == more.size()) ThrowTooMany(input);
  return voxels;
}

// Voxels as they are stored: within the file, or unpacked.
class VoxelBytes {
 public:
  VoxelBytes(const NiftiInput& input, std::span<const unsigned char> file) {
    CheckFits(input, IsGzip(file), std::ssize(file));
    if (IsGzip(file)) {
      unpacked_ = Unpack(input, file);
      voxels_ = unpacked_.data();
      return;
    }
    const double behind = static_cast<double>(std::ssize(file) - input.facts.voxels_at);
    if (behind - input.num_bytes() >= static_cast<double>(input.bytes_per_slice()))
      ThrowTooMany(input);
    voxels_ = file.data() + input.facts.voxels_at;
  }

  const unsigned char* data() const { return voxels_; }

 private:
  std::vector<unsigned char> unpacked_;
  const unsigned char* voxels_ = nullptr;
};

template <typename T>
bool FitsInto16Bits(const StoredValues<T>& values, std::int64_t count) {
  std::atomic<bool> fits = true;
  ForEachTile(count, [&](std::int64_t, std::int64_t first, std::int64_t size) {
    for (std::int64_t i = first; i < first + size; ++i)
      if (!std::in_range<std::uint16_t>(values[i])) fits.store(false, std::memory_order_relaxed);
  });
  return fits;
}

template <typename T>
SampleType TypeFor(const NiftiFacts& facts, const StoredValues<T>& values) {
  if constexpr (std::is_integral_v<T>) {
    if (facts.IsScaled()) return SampleType::kFloat32;
    if (std::is_same_v<T, std::uint8_t>) return SampleType::kUint8;
    if (FitsInto16Bits(values, facts.num_voxels())) return SampleType::kUint16;
  }
  return SampleType::kFloat32;
}

Raster EmptyRaster(const NiftiFacts& facts, int num_bands, SampleType type, ColorModel color) {
  return {facts.size[0], facts.size[1], num_bands, type, color, facts.size[2]};
}

// Volumes become bands, whose planes lie as the file has them.
template <typename T>
Raster ReadValues(const NiftiFacts& facts, const StoredValues<T>& values) {
  Raster raster = EmptyRaster(facts, static_cast<int>(facts.size[3]), TypeFor(facts, values),
                              ColorModel::kMultiband);
  const std::int64_t size = raster.num_pixels();
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&]<typename Out>(const Out*) {
      Out* const out = raster.Band<Out>(b);
      ForEachTile(size, [&](std::int64_t, std::int64_t first, std::int64_t count) {
        for (std::int64_t i = first; i < first + count; ++i) {
          const T stored = values[b * size + i];
          if constexpr (std::is_floating_point_v<Out>)
            out[i] = static_cast<Out>(facts.IsScaled() ? facts.slope * static_cast<double>(stored) +
                                                             facts.intercept
                                                       : static_cast<double>(stored));
          else
            out[i] = static_cast<Out>(stored);
        }
      });
    });
  return raster;
}

Raster ReadColors(const NiftiFacts& facts, const unsigned char* bytes, int channels) {
  Raster raster = EmptyRaster(facts, 3, SampleType::kUint8, ColorModel::kRgb);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    for (int c = 0; c < 3; ++c) raster.Band<std::uint8_t>(c)[i] = bytes[i * channels + c];
    if (channels == 4 && bytes[i * channels + 3] == 0) raster.Invalidate(i);
  }
  return raster;
}

}  // namespace

const std::string_view kNiftiFormats = "NIfTI, ANALYZE";

std::optional<Raster> ReadNifti(const ImageSource& source) {
  const std::optional<NiftiInput> input = OpenNifti(source);
  if (!input) return std::nullopt;
  std::vector<unsigned char> other;
  if (input->files.voxels_path != source.path)
    other = ReadFileBytes(input->files.voxels_path, "the voxels of " + source.path);
  const VoxelBytes voxels(*input, other.empty() ? source.bytes : other);
  Raster raster = VisitType(source.path, input->facts.type, [&]<typename T>(T kind) {
    if constexpr (kIsColor<T>)
      return ReadColors(input->facts, voxels.data(), kind.channels);
    else
      return ReadValues(input->facts, StoredValues<T>(voxels.data(), input->files.is_swapped));
  });
  raster.SetVolume(input->facts.geometry);
  return raster;
}

// Whether integers with a sign or of more bits fit into 16 is known when they are read.
std::optional<ImageHeader> ReadNiftiHeader(const ImageSource& source) {
  const std::optional<NiftiInput> input = OpenNifti(source);
  if (!input) return std::nullopt;
  if (input->files.voxels_path == source.path)
    CheckFits(*input, IsGzip(source.bytes), source.file_size);
  const NiftiFacts& facts = input->facts;
  ImageHeader header{facts.size[0], facts.size[1], static_cast<int>(facts.size[3])};
  header.depth = facts.size[2];
  header.color_model = ColorModel::kMultiband;
  if (input->IsColor()) {
    header.num_bands = 3;
    header.color_model = ColorModel::kRgb;
  } else if (facts.IsScaled() || input->bytes_per_voxel > 2 || facts.type == NIFTI_TYPE_INT8 ||
             facts.type == NIFTI_TYPE_INT16) {
    header.type = SampleType::kFloat32;
  } else if (facts.type == NIFTI_TYPE_UINT16) {
    header.type = SampleType::kUint16;
  }
  return header;
}

}  // namespace gmmseg
