// Probability stacks through libtiff, plane by plane, with the tags that GDAL and QGIS read.
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "io/staged_file.h"
#include "io/tiff_handle.h"
#include "io/tiff_tags.h"

namespace gmmseg {
namespace {

// How a probability becomes a stored number: round(p · steps), `no_data` where there is none.
struct DepthTraits {
  int bits;
  int sample_format;
  int predictor;
  double steps;
  std::optional<int> no_data;
};

DepthTraits TraitsOf(ProbabilityDepth depth) {
  switch (depth) {
    case ProbabilityDepth::kUint8:
      return {8, SAMPLEFORMAT_UINT, PREDICTOR_HORIZONTAL, 250, 255};
    case ProbabilityDepth::kUint16:
      return {16, SAMPLEFORMAT_UINT, PREDICTOR_HORIZONTAL, 10000, 65535};
    case ProbabilityDepth::kFloat32:
      break;
  }
  // No predictor: Python's tifffile, as Debian has it, cannot read the floating-point one, and
  // probabilities, most of them 0 or 1, are small without it.
  return {32, SAMPLEFORMAT_IEEEFP, PREDICTOR_NONE, 1, std::nullopt};
}

class FileStream : public TiffStream {
 public:
  explicit FileStream(StagedFile& file) : file_(file) {}

  tmsize_t Read(void* out, tmsize_t count) override {
    return ::read(file_.descriptor(), out, count);
  }
  tmsize_t Write(const void* data, tmsize_t count) override {
    return file_.TryWrite(data, count) ? count : -1;
  }
  toff_t Seek(toff_t offset, int whence) override {
    return ::lseek(file_.descriptor(), static_cast<off_t>(offset), whence);
  }
  toff_t Size() override {
    struct stat status {};
    return ::fstat(file_.descriptor(), &status) == 0 ? status.st_size : 0;
  }

 private:
  StagedFile& file_;
};

// BigTIFF where 4 GiB could be reached: what DEFLATE will save is not known beforehand.
const char* ModeFor(double num_bytes) {
  constexpr double kClassicLimit = 2e9;
  return num_bytes > kClassicLimit ? "w8" : "w";
}

std::string MetadataItem(const char* name, const char* role, int band, const std::string& value) {
  return "  <Item name=\"" + std::string(name) + "\" sample=\"" + std::to_string(band) +
         "\" role=\"" + role + "\">" + value + "</Item>\n";
}

std::string Metadata(int num_classes, ProbabilityDepth depth) {
  std::string xml = "<GDALMetadata>\n";
  for (int b = 0; b < num_classes; ++b) {
    xml += MetadataItem("DESCRIPTION", "description", b, "P(" + std::to_string(b + 1) + ")");
    if (depth == ProbabilityDepth::kFloat32) continue;
    xml +=
        MetadataItem("SCALE", "scale", b, depth == ProbabilityDepth::kUint8 ? "0.004" : "0.0001");
    xml += MetadataItem("OFFSET", "offset", b, "0");
  }
  return xml + "</GDALMetadata>\n";
}

void DeclareGdalTags(TIFF* tiff) {
  static const TIFFFieldInfo kFields[] = {
      {kGdalMetadataTag, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, const_cast<char*>("GDALMetadata")},
      {kGdalNoDataTag, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, const_cast<char*>("GDALNoData")}};
  TIFFMergeFieldInfo(tiff, kFields, std::size(kFields));
}

}  // namespace

struct ProbabilityTiffWriter::Impl {
  Impl(const std::string& path, std::int64_t image_width, std::int64_t image_height, int classes,
       ProbabilityDepth probability_depth);

  std::int64_t num_pixels() const { return width * height; }
  std::int64_t RowsPerStrip() const;
  void WriteTags();
  void Require(bool ok);
  template <typename T>
  void WriteStrips(std::span<const float> probabilities, std::span<const std::uint16_t> labels);

  std::int64_t width, height;
  int num_classes;
  ProbabilityDepth depth;
  DepthTraits traits;
  int planes_written = 0;
  StagedFile file;
  FileStream stream{file};
  std::optional<TiffHandle> handle;  // closed before the file is
};

ProbabilityTiffWriter::Impl::Impl(const std::string& path, std::int64_t image_width,
                                  std::int64_t image_height, int classes,
                                  ProbabilityDepth probability_depth)
    : width(image_width),
      height(image_height),
      num_classes(classes),
      depth(probability_depth),
      traits(TraitsOf(probability_depth)),
      file(path) {
  const double num_bytes = static_cast<double>(num_pixels()) * num_classes * traits.bits / 8;
  constexpr std::int64_t kNoLimit = 0;
  handle.emplace(path, ModeFor(num_bytes), stream, kNoLimit);
  Require(handle->get() != nullptr);
  WriteTags();
}

// Strips of about a quarter of a megabyte: small enough to read a window, large enough to compress.
std::int64_t ProbabilityTiffWriter::Impl::RowsPerStrip() const {
  constexpr std::int64_t kStripBytes = 1 << 18;
  return std::clamp<std::int64_t>(kStripBytes / (width * traits.bits / 8), 1, height);
}

void ProbabilityTiffWriter::Impl::Require(bool ok) {
  if (ok) return;
  file.ThrowIfFailed();
  throw IoError(IoError::Operation::kWrite,
                file.target() + ": cannot be written: libtiff says " + handle->error());
}

void ProbabilityTiffWriter::Impl::WriteTags() {
  // DEFLATE at its fastest: level 6 makes a stack 1 to 6 % smaller in two to three times the time.
  constexpr int kDeflateLevel = 1;
  TIFF* tiff = handle->get();
  DeclareGdalTags(tiff);
  const std::vector<std::uint16_t> extra(num_classes - 1, EXTRASAMPLE_UNSPECIFIED);
  bool ok = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(width)) &&
            TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(height)) &&
            TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, num_classes) &&
            TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, traits.bits) &&
            TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, traits.sample_format) &&
            TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) &&
            TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_SEPARATE) &&
            TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
            TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
            TIFFSetField(tiff, TIFFTAG_PREDICTOR, traits.predictor) &&
            TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, kDeflateLevel) &&
            TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(RowsPerStrip())) &&
            TIFFSetField(tiff, kGdalMetadataTag, Metadata(num_classes, depth).c_str());
  if (!extra.empty())
    ok = ok && TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, num_classes - 1, extra.data());
  if (traits.no_data)
    ok = ok && TIFFSetField(tiff, kGdalNoDataTag, std::to_string(*traits.no_data).c_str());
  Require(ok);
}

template <typename T>
void ProbabilityTiffWriter::Impl::WriteStrips(std::span<const float> probabilities,
                                              std::span<const std::uint16_t> labels) {
  const std::int64_t strip_pixels = RowsPerStrip() * width;
  const std::int64_t strips_per_plane = (height + RowsPerStrip() - 1) / RowsPerStrip();
  const T no_data = static_cast<T>(traits.no_data.value_or(0));
  std::vector<T> strip(strip_pixels);
  for (std::int64_t s = 0; s < strips_per_plane; ++s) {
    const std::int64_t first = s * strip_pixels;
    const std::int64_t count = std::min(strip_pixels, num_pixels() - first);
    for (std::int64_t i = 0; i < count; ++i) {
      const float p = probabilities[first + i];
      if (labels[first + i] == 0)
        strip[i] = no_data;
      else if constexpr (std::is_same_v<T, float>)
        strip[i] = p;
      else
        strip[i] = static_cast<T>(std::lround(p * traits.steps));
    }
    const auto index = static_cast<std::uint32_t>(planes_written * strips_per_plane + s);
    Require(TIFFWriteEncodedStrip(handle->get(), index, strip.data(),
                                  count * static_cast<tmsize_t>(sizeof(T))) >= 0);
  }
}

namespace {

void CheckShape(const std::string& path, std::int64_t width, std::int64_t height, int num_classes) {
  constexpr std::int64_t kMaxSide = std::numeric_limits<std::int32_t>::max();
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide)
    throw ParameterError(path + ": image size " + std::to_string(width) + " x " +
                         std::to_string(height) + "; a TIFF has 1 to 2^31-1 each way");
  if (num_classes < 1 || num_classes > 65535)
    throw ParameterError(path + ": " + std::to_string(num_classes) +
                         " classes; a TIFF has 1 to 65535 bands");
}

}  // namespace

ProbabilityTiffWriter::ProbabilityTiffWriter(const std::string& path, std::int64_t width,
                                             std::int64_t height, int num_classes,
                                             ProbabilityDepth depth) {
  CheckShape(path, width, height, num_classes);
  impl_ = std::make_unique<Impl>(path, width, height, num_classes, depth);
}

ProbabilityTiffWriter::~ProbabilityTiffWriter() = default;

void ProbabilityTiffWriter::WritePlane(std::span<const float> probabilities,
                                       std::span<const std::uint16_t> labels) {
  const auto num_pixels = static_cast<std::size_t>(impl_->num_pixels());
  if (probabilities.size() != num_pixels || labels.size() != num_pixels)
    throw ParameterError(impl_->file.target() + ": plane of " +
                         std::to_string(probabilities.size()) + " probabilities and " +
                         std::to_string(labels.size()) + " labels; must be " +
                         std::to_string(num_pixels) + " each");
  if (impl_->planes_written == impl_->num_classes)
    throw ParameterError(impl_->file.target() + ": more planes than its " +
                         std::to_string(impl_->num_classes) + " classes");
  switch (impl_->depth) {
    case ProbabilityDepth::kUint8:
      impl_->WriteStrips<std::uint8_t>(probabilities, labels);
      break;
    case ProbabilityDepth::kUint16:
      impl_->WriteStrips<std::uint16_t>(probabilities, labels);
      break;
    case ProbabilityDepth::kFloat32:
      impl_->WriteStrips<float>(probabilities, labels);
      break;
  }
  ++impl_->planes_written;
}

void ProbabilityTiffWriter::Close() {
  if (impl_->planes_written != impl_->num_classes)
    throw ParameterError(impl_->file.target() + ": closed after " +
                         std::to_string(impl_->planes_written) + " of " +
                         std::to_string(impl_->num_classes) + " planes; write all of them");
  impl_->Require(TIFFWriteDirectory(impl_->handle->get()) == 1);
  impl_->handle.reset();
  impl_->file.Commit();
}

}  // namespace gmmseg
