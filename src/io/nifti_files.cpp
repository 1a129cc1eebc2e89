#include "io/nifti_files.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/filesystem/operations.hpp>
#include <cstdint>
#include <cstring>

#include "io/file_bytes.h"
#include "io/gunzip.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

using boost::algorithm::iends_with;

constexpr std::string_view kHeaderEnding = ".hdr", kVoxelsEnding = ".img", kGzipEnding = ".gz";

// From the start of a file, unpacked; as many as there are.
std::vector<unsigned char> FirstBytes(std::span<const unsigned char> bytes, std::size_t count) {
  std::vector<unsigned char> first(count);
  if (IsGzip(bytes)) {
    first.resize(GzipInput(bytes).Read(first));
  } else {
    first.resize(std::min(count, bytes.size()));
    std::copy_n(bytes.begin(), first.size(), first.begin());
  }
  return first;
}

template <typename T>
T ValueAt(std::span<const unsigned char> bytes, std::size_t offset, bool is_swapped) {
  std::array<unsigned char, sizeof(T)> value;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), sizeof(T), value.begin());
  if (is_swapped) std::ranges::reverse(value);
  return std::bit_cast<T>(value);
}

bool Holds(std::span<const unsigned char> bytes, std::size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() &&
         std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

// What the first bytes of a header say, and in which order: its own size is the first number.
std::optional<NiftiFiles> Recognize(std::vector<unsigned char> first) {
  using std::string_view_literals::operator""sv;
  constexpr std::size_t kMagic1 = 344, kMagic2 = 4, kDimensions = 40;
  if (first.size() < kNifti1Bytes) return std::nullopt;
  for (const bool is_swapped : {false, true}) {
    const auto size = static_cast<std::size_t>(ValueAt<std::int32_t>(first, 0, is_swapped));
    if (size != kNifti1Bytes && size != kNifti2Bytes) continue;
    NiftiFiles files;
    files.is_swapped = is_swapped;
    const bool is_first = size == kNifti1Bytes;
    const std::size_t magic = is_first ? kMagic1 : kMagic2;
    if (Holds(first, magic, is_first ? "n+1\0"sv : "n+2\0"sv)) {
      files.format = is_first ? NiftiFormat::kNifti1 : NiftiFormat::kNifti2;
    } else if (Holds(first, magic, is_first ? "ni1\0"sv : "ni2\0"sv)) {
      files.format = is_first ? NiftiFormat::kNifti1 : NiftiFormat::kNifti2;
      files.is_pair = true;
    } else {
      const auto num_dimensions = ValueAt<std::int16_t>(first, kDimensions, is_swapped);
      if (!is_first || num_dimensions < 1 || num_dimensions > 7) return std::nullopt;
      files.format = NiftiFormat::kAnalyze;
      files.is_pair = true;
    }
    if (first.size() < size) return std::nullopt;
    first.resize(size);
    files.header = std::move(first);
    return files;
  }
  return std::nullopt;
}

// "scan.hdr.gz" of "scan.img" and the like, where there is one; plain before packed.
std::string Beside(std::string path, std::string_view ending, std::string_view other) {
  if (iends_with(path, kGzipEnding)) path.resize(path.size() - kGzipEnding.size());
  if (!iends_with(path, ending)) return "";
  path.resize(path.size() - ending.size());
  std::string upper(other);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  boost::system::error_code ignored;
  for (const std::string& name :
       {path + std::string(other), path + std::string(other) + std::string(kGzipEnding),
        path + upper})
    if (fs::is_regular_file(name, ignored)) return name;
  return "";
}

// The header beside voxels.
std::optional<NiftiFiles> HeaderBeside(const std::string& path) {
  const std::string header_path = Beside(path, kVoxelsEnding, kHeaderEnding);
  if (header_path.empty()) return std::nullopt;
  constexpr std::int64_t kEnough = 1 << 16;
  std::optional<NiftiFiles> files;
  try {
    files = Recognize(FirstBytes(PeekedFile(header_path, "a header").First(kEnough), kNifti2Bytes));
  } catch (const IoError&) {
    return std::nullopt;
  }
  if (!files || !files->is_pair) return std::nullopt;
  files->header_path = header_path;
  files->voxels_path = path;
  return files;
}

// By its name it is NIfTI, and its content is not.
void CheckName(const ImageSource& source, const std::vector<unsigned char>& first) {
  if (!iends_with(source.path, ".nii") && !iends_with(source.path, ".nii.gz")) return;
  if (first.size() < kNifti1Bytes)
    ThrowTruncated(source, "NIfTI",
                   "its header takes 348 bytes, and there are " + std::to_string(first.size()));
  for (const bool is_swapped : {false, true})
    if (ValueAt<std::int32_t>(first, 0, is_swapped) == static_cast<int>(kNifti1Bytes))
      ThrowDamaged(source, "NIfTI", "its header lacks the magic number \"n+1\" at byte 344");
    else if (ValueAt<std::int32_t>(first, 0, is_swapped) == static_cast<int>(kNifti2Bytes))
      ThrowDamaged(source, "NIfTI-2", "its header lacks the magic number \"n+2\" at byte 4");
  ThrowDamaged(source, "NIfTI",
               "it begins with the number " +
                   std::to_string(ValueAt<std::int32_t>(first, 0, false)) +
                   " in place of the header's size, 348 or 540");
}

}  // namespace

std::optional<NiftiFiles> FindNiftiFiles(const ImageSource& source) {
  const std::vector<unsigned char> first = FirstBytes(source.bytes, kNifti2Bytes);
  std::optional<NiftiFiles> files = Recognize(first);
  if (!files || (files->format == NiftiFormat::kAnalyze && iends_with(source.path, ".nii")))
    CheckName(source, first);
  if (!files) return HeaderBeside(source.path);
  files->header_path = files->voxels_path = source.path;
  if (files->is_pair) files->voxels_path = Beside(source.path, kHeaderEnding, kVoxelsEnding);
  return files;
}

std::string NiftiPartner(const ImageSource& source) {
  const std::optional<NiftiFiles> files = FindNiftiFiles(source);
  if (!files || !files->is_pair) return "";
  return files->header_path == source.path ? files->voxels_path : files->header_path;
}

bool IsVoxelsOfPair(const std::string& path) { return HeaderBeside(path).has_value(); }

}  // namespace gmmseg
