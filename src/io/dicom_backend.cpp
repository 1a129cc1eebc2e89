#include "io/dicom_decoder.h"
#include "io/dicom_series.h"
#include "io/dicom_values.h"

namespace gmmseg {
namespace {

// Some files have neither a preamble nor a group 2: they begin with a known element of group 2 or 8
// and the two letters of its kind, or its length.
bool BeginsWithElement(const ImageSource& source) {
  for (const std::string_view tag : {std::string_view("\x02\0\0\0", 4),
                                     {"\x08\0\0\0", 4},
                                     {"\x08\0\x01\0", 4},
                                     {"\x08\0\x05\0", 4},
                                     {"\x08\0\x08\0", 4},
                                     {"\x08\0\x16\0", 4}}) {
    if (!source.StartsWith(tag) || source.bytes.size() < 8) continue;
    if (source.StartsWith("UL", 4) || source.StartsWith("CS", 4) || source.StartsWith("UI", 4))
      return true;
    return source.bytes[4] <= 64 && source.bytes[4] % 2 == 0 && source.StartsWith({"\0\0\0", 3}, 5);
  }
  return false;
}

}  // namespace

bool IsDicom(const ImageSource& source) {
  return source.StartsWith("DICM", 128) || BeginsWithElement(source);
}

std::optional<ImageHeader> ReadDicomHeader(const ImageSource& source) {
  if (!IsDicom(source)) return std::nullopt;
  return HeaderOf(DecodeDicom(source, DicomPart::kHeader));
}

std::optional<Raster> ReadDicom(const ImageSource& source) {
  if (!IsDicom(source)) return std::nullopt;
  const DicomPicture picture = DecodeDicom(source, DicomPart::kAll);
  const std::int64_t wanted = NumValueBytes(picture.facts);
  if (std::ssize(picture.values) < wanted)
    ThrowDamaged(source, "DICOM",
                 "its pixels take " + std::to_string(wanted) + " bytes, and " +
                     std::to_string(picture.values.size()) + " were decoded");
  CheckDepth(source.path, picture.facts);
  Raster raster = ToRaster(picture);
  if (picture.facts.has_spacing) raster.SetVolume(GeometryOf(picture.facts));
  return raster;
}

}  // namespace gmmseg
