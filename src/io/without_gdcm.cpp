// What a build without GDCM has of it.
#include "io/dicom_decoder.h"

namespace gmmseg {

DicomPicture DecodeDicom(const ImageSource& source, DicomPart) {
  throw IoError(IoError::Operation::kRead,
                source.path +
                    ": is DICOM, which needs GDCM, and that is not in this build; build with "
                    "-DGMMSEG_WITH_DICOM=ON");
}

}  // namespace gmmseg
