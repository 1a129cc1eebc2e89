// DICOM files through GDCM.
#pragma once

#include "io/dicom_facts.h"
#include "io/image_backend.h"

namespace gmmseg {

// By the first bytes.
bool IsDicom(const ImageSource& source);

// A DICOM file of something else, as a report.
class NoDicomImage : public IoError {
  using IoError::IoError;
};

enum class DicomPart { kHeader, kAll };

// Throws TruncatedImage where the bytes end too early, NoDicomImage where there is no
// picture, and IoError where it cannot be read, or this build has no GDCM.
DicomPicture DecodeDicom(const ImageSource& source, DicomPart part);

}  // namespace gmmseg
