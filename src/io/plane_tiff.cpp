#include "io/plane_tiff.h"

#include <gmmseg/errors.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>

#include "io/tiff_tags.h"

namespace gmmseg {
namespace {

// BigTIFF where 4 GiB could be reached: what DEFLATE will save is not known beforehand.
const char* ModeFor(double num_bytes) {
  constexpr double kClassicLimit = 2e9;
  return num_bytes > kClassicLimit ? "w8" : "w";
}

void DeclareGdalTags(TIFF* tiff) {
  static const TIFFFieldInfo kFields[] = {
      {kGdalMetadataTag, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, const_cast<char*>("GDALMetadata")},
      {kGdalNoDataTag, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, const_cast<char*>("GDALNoData")}};
  TIFFMergeFieldInfo(tiff, kFields, std::size(kFields));
}

// Before the file is opened.
const std::string& Checked(const std::string& path, std::int64_t width, std::int64_t height,
                           int num_planes) {
  constexpr std::int64_t kMaxSide = std::numeric_limits<std::int32_t>::max();
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide)
    throw ParameterError(path + ": image size " + std::to_string(width) + " x " +
                         std::to_string(height) + "; a TIFF has 1 to 2^31-1 each way");
  if (num_planes < 1 || num_planes > 65535)
    throw ParameterError(path + ": " + std::to_string(num_planes) +
                         " classes; a TIFF has 1 to 65535 bands");
  return path;
}

}  // namespace

std::string BandItem(const char* name, const char* role, int band, const std::string& value) {
  return "  <Item name=\"" + std::string(name) + "\" sample=\"" + std::to_string(band) +
         "\" role=\"" + role + "\">" + value + "</Item>\n";
}

std::string BandName(int band, const std::string& name) {
  return BandItem("DESCRIPTION", "description", band, name);
}

tmsize_t PlaneTiff::FileStream::Read(void* out, tmsize_t count) {
  return ::read(file_.descriptor(), out, count);
}

tmsize_t PlaneTiff::FileStream::Write(const void* data, tmsize_t count) {
  return file_.TryWrite(data, count) ? count : -1;
}

toff_t PlaneTiff::FileStream::Seek(toff_t offset, int whence) {
  return ::lseek(file_.descriptor(), static_cast<off_t>(offset), whence);
}

toff_t PlaneTiff::FileStream::Size() {
  struct stat status {};
  return ::fstat(file_.descriptor(), &status) == 0 ? status.st_size : 0;
}

PlaneTiff::PlaneTiff(const std::string& path, std::int64_t width, std::int64_t height,
                     int num_planes, const PlaneTiffFormat& format)
    : width_(width),
      height_(height),
      num_planes_(num_planes),
      bits_(format.bits),
      file_(Checked(path, width, height, num_planes)) {
  const double num_bytes = static_cast<double>(num_pixels()) * num_planes * format.bits / 8;
  constexpr std::int64_t kNoLimit = 0;
  handle_.emplace(path, ModeFor(num_bytes), stream_, kNoLimit);
  Require(handle_->get() != nullptr);
  WriteTags(format);
}

// Strips of about a quarter of a megabyte: small enough to read a window, large enough to compress.
std::int64_t PlaneTiff::RowsPerStrip() const {
  constexpr std::int64_t kStripBytes = 1 << 18;
  return std::clamp<std::int64_t>(kStripBytes / (width_ * bits_ / 8), 1, height_);
}

void PlaneTiff::Require(bool ok) {
  if (ok) return;
  file_.ThrowIfFailed();
  throw IoError(IoError::Operation::kWrite,
                target() + ": cannot be written: libtiff says " + handle_->error());
}

void PlaneTiff::WriteTags(const PlaneTiffFormat& format) {
  // DEFLATE at its fastest: level 6 makes a stack 1 to 6 % smaller in two to three times the time.
  constexpr int kDeflateLevel = 1;
  TIFF* tiff = handle_->get();
  DeclareGdalTags(tiff);
  const std::vector<std::uint16_t> extra(num_planes_ - 1, EXTRASAMPLE_UNSPECIFIED);
  const std::string metadata = "<GDALMetadata>\n" + format.metadata + "</GDALMetadata>\n";
  bool ok = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(width_)) &&
            TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(height_)) &&
            TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, num_planes_) &&
            TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, format.bits) &&
            TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, format.sample_format) &&
            TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) &&
            TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_SEPARATE) &&
            TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
            TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
            TIFFSetField(tiff, TIFFTAG_PREDICTOR, format.predictor) &&
            TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, kDeflateLevel) &&
            TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(RowsPerStrip())) &&
            TIFFSetField(tiff, kGdalMetadataTag, metadata.c_str());
  if (!extra.empty())
    ok = ok && TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, num_planes_ - 1, extra.data());
  if (!format.no_data.empty())
    ok = ok && TIFFSetField(tiff, kGdalNoDataTag, format.no_data.c_str());
  Require(ok);
}

void PlaneTiff::WriteStrip(std::int64_t strip_of_plane, void* data, std::int64_t num_bytes) {
  const std::int64_t strips_per_plane = (height_ + RowsPerStrip() - 1) / RowsPerStrip();
  const auto index =
      static_cast<std::uint32_t>(planes_written_ * strips_per_plane + strip_of_plane);
  Require(TIFFWriteEncodedStrip(handle_->get(), index, data, num_bytes) >= 0);
}

void PlaneTiff::CheckMoreToCome() const {
  if (planes_written_ == num_planes_)
    throw ParameterError(target() + ": more planes than its " + std::to_string(num_planes_) +
                         " classes");
}

void PlaneTiff::Close() {
  if (planes_written_ != num_planes_)
    throw ParameterError(target() + ": closed after " + std::to_string(planes_written_) + " of " +
                         std::to_string(num_planes_) + " planes; write all of them");
  Require(TIFFWriteDirectory(handle_->get()) == 1);
  handle_.reset();
  file_.Commit();
}

}  // namespace gmmseg
