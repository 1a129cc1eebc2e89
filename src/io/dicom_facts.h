// What a DICOM file says of its picture, in numbers: no word of it is kept, so that nothing of the
// patient can come out again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace gmmseg {

enum class DicomColor { kGray, kInvertedGray, kRgb, kYbr };

// Stored value · slope + intercept is the value that is meant.
struct DicomRescale {
  double slope = 1, intercept = 0;

  bool operator==(const DicomRescale&) const = default;
};

// Trivially copyable: it comes out of a process of its own as bytes.
struct DicomFacts {
  std::int64_t width = 0, height = 0, num_frames = 1;
  int bits_allocated = 8, bits_stored = 8;  // of a sample; 1 bit is packed, the lowest first
  bool is_signed = false, is_palette = false, is_planar = false;
  DicomColor color = DicomColor::kGray;
  bool has_padding = false;
  std::array<std::int64_t, 2> padding{};  // stored values from … to that are no data
  std::uint64_t series = 0, patient = 0;  // hashes of their names

  // Of the first frame, in mm as DICOM has it: x to the patient's left, y to the back, z up.
  bool has_position = false, has_orientation = false, has_spacing = false;
  std::array<double, 3> position{};
  std::array<double, 3> along_row{1, 0, 0}, along_column{0, 1, 0};  // as the column, row grows
  std::array<double, 2> spacing{1, 1};                              // between columns, between rows
  // Between frames or slices, as the file has it. Of several frames that say where they lie,
  // has_step: `step` leads from one to the next.
  double slice_spacing = 1;
  bool has_step = false;
  std::array<double, 3> step{};

  int samples() const {
    return color == DicomColor::kGray || color == DicomColor::kInvertedGray ? 1 : 3;
  }
};

struct DicomPicture {
  DicomFacts facts;
  std::vector<DicomRescale> rescale;  // one per frame
  // Frame by frame, rows from the top; 8, 16 or 32 bits, native byte order; empty where the header
  // alone was asked for.
  std::vector<unsigned char> values;
};

}  // namespace gmmseg
