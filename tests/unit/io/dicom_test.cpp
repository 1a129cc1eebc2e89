#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <cstdlib>

#include "io/contained.h"
#include "io/dicom_decoder.h"
#include "io/dicom_headers.h"
#include "io/dicom_series.h"
#include "io/dicom_values.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

DicomPicture PictureOf(const std::vector<std::uint16_t>& values, int bits_stored = 16) {
  DicomPicture picture;
  picture.facts.width = std::ssize(values);
  picture.facts.height = 1;
  picture.facts.bits_allocated = 16;
  picture.facts.bits_stored = bits_stored;
  picture.rescale = {{}};
  picture.values = BytesOf(values);
  return picture;
}

DicomSlice SliceAt(double z, const std::string& path = "s") {
  DicomSlice slice{path + std::to_string(static_cast<int>(10 * z)), {}};
  slice.facts.width = slice.facts.height = 4;
  slice.facts.has_position = slice.facts.has_orientation = slice.facts.has_spacing = true;
  slice.facts.position = {-10, 20, z};
  slice.facts.spacing = {0.5, 0.7};
  return slice;
}

std::string Problem(const std::vector<DicomSlice>& slices) {
  return MessageOf([&] { OrderSlices("scan", slices); });
}

// Explicit little endian: group, element, kind, length, value.
Bytes Element(int group, int element, const std::string& kind, std::string value,
              char filler = ' ') {
  if (value.size() % 2 == 1) value += filler;
  const auto two = [](std::size_t number) {
    return Bytes{static_cast<unsigned char>(number & 255), static_cast<unsigned char>(number >> 8)};
  };
  Bytes bytes = Concatenate(two(group), two(element));
  bytes = Concatenate(bytes, ToBytes(kind));
  if (kind == "OW") bytes = Concatenate(bytes, two(0));
  bytes = Concatenate(bytes, two(value.size()));
  if (kind == "OW") bytes = Concatenate(bytes, two(0));
  return Concatenate(bytes, ToBytes(value));
}

std::string Short(int number) {
  return {static_cast<char>(number & 255), static_cast<char>(number >> 8)};
}

// A file of so many pixels, all 0.
Bytes DicomFile(int width, const std::string& slope) {
  const Bytes syntax = Element(2, 0x10, "UI", "1.2.840.10008.1.2.1", '\0');
  const auto meta_size = static_cast<int>(syntax.size());
  Bytes file = Concatenate(Bytes(128, 0), ToBytes("DICM"));
  for (const Bytes& each :
       {Element(2, 0, "UL", Short(meta_size) + Short(0)), syntax,
        Element(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.2", '\0'),
        Element(0x20, 0x32, "DS", "1\\2\\3"), Element(0x28, 2, "US", Short(1)),
        Element(0x28, 4, "CS", "MONOCHROME2"), Element(0x28, 0x10, "US", Short(1)),
        Element(0x28, 0x11, "US", Short(width)), Element(0x28, 0x100, "US", Short(16)),
        Element(0x28, 0x101, "US", Short(16)), Element(0x28, 0x102, "US", Short(15)),
        Element(0x28, 0x103, "US", Short(0)), Element(0x28, 0x1053, "DS", slope),
        Element(0x7fe0, 0x10, "OW", std::string(2 * width, '\0'))})
    file = Concatenate(file, each);
  return file;
}

bool CanDecode() {
  const Bytes bytes = DicomFile(4, "1");
  return MessageOf([&] {
           DecodeDicom({"f", bytes}, DicomPart::kHeader);
         }).find("GMMSEG_WITH") == std::string::npos;
}

bool Says(const std::vector<DicomSlice>& slices, const std::string& words) {
  return Problem(slices).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("dicom: integers stay integers where all that can be stored fits, else become float") {
  DicomPicture picture = PictureOf({0, 7, 4095}, 12);
  CHECK(ToRaster(picture).white() == 4095);
  CHECK(BandOf<std::uint16_t>(ToRaster(picture), 0) == std::vector<std::uint16_t>{0, 7, 4095});
  picture.rescale = {{2, 10}};
  CHECK(BandOf<std::uint16_t>(ToRaster(picture), 0) == std::vector<std::uint16_t>{10, 24, 8200});
  picture.rescale = {{1, -1024}};
  CHECK(BandOf<float>(ToRaster(picture), 0) == std::vector<float>{-1024, -1017, 3071});
  picture.rescale = {{0.5, 0}};
  CHECK(BandOf<float>(ToRaster(picture), 0) == std::vector<float>{0, 3.5, 2047.5});
}

TEST_CASE("dicom: bits beyond those that are stored are not looked at, the sign is") {
  DicomPicture picture = PictureOf({0xf7ff, 0x0800, 0xffff}, 12);
  picture.facts.is_signed = true;
  CHECK(BandOf<float>(ToRaster(picture), 0) == std::vector<float>{2047, -2048, -1});
}

TEST_CASE("dicom: inverted grey is mirrored, padding is no data") {
  DicomPicture picture = PictureOf({0, 100, 1023}, 10);
  picture.facts.color = DicomColor::kInvertedGray;
  picture.facts.has_padding = true;
  picture.facts.padding = {50, 200};
  const Raster raster = ToRaster(picture);
  CHECK(BandOf<std::uint16_t>(raster, 0) == std::vector<std::uint16_t>{1023, 923, 0});
  CHECK(ValidityOf(raster) == std::vector<int>{1, 0, 1});
}

TEST_CASE("dicom: frames have their own rescale, and single bits are packed from the lowest") {
  DicomPicture picture = PictureOf({1, 2, 3, 4});
  picture.facts.width = 2;
  picture.facts.num_frames = 2;
  picture.rescale = {{1, 0.5}, {2, 0}};
  const Raster raster = ToRaster(picture);
  CHECK(raster.depth() == 2);
  CHECK(BandOf<float>(raster, 0) == std::vector<float>{1.5, 2.5, 6, 8});
  DicomPicture bits = PictureOf({}, 1);
  bits.facts.width = 9;
  bits.facts.bits_allocated = 1;
  bits.values = {0x05, 0x01};
  CHECK(NumValueBytes(bits.facts) == 2);
  CHECK(BandOf<std::uint8_t>(ToRaster(bits), 0) ==
        std::vector<std::uint8_t>{1, 0, 1, 0, 0, 0, 0, 0, 1});
}

TEST_CASE("dicom: colours in pixels and in planes; YBR by BT.601") {
  DicomPicture picture;
  picture.facts.width = 2;
  picture.facts.height = 1;
  picture.facts.color = DicomColor::kRgb;
  picture.rescale = {{}};
  picture.values = {1, 2, 3, 4, 5, 6};
  CHECK(BandOf<std::uint8_t>(ToRaster(picture), 1) == std::vector<std::uint8_t>{2, 5});
  picture.facts.is_planar = true;
  CHECK(BandOf<std::uint8_t>(ToRaster(picture), 1) == std::vector<std::uint8_t>{3, 4});
  // Red is (76, 85, 255) there: Pillow's conversion.
  picture.facts.is_planar = false;
  picture.facts.color = DicomColor::kYbr;
  picture.values = {76, 85, 255, 128, 128, 128};
  const Raster raster = ToRaster(picture);
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{254, 128});
  CHECK(BandOf<std::uint8_t>(raster, 1) == std::vector<std::uint8_t>{0, 128});
  CHECK(BandOf<std::uint8_t>(raster, 2) == std::vector<std::uint8_t>{0, 128});
}

TEST_CASE("dicom: places are RAS+, along rows by the distance of columns") {
  DicomFacts facts = SliceAt(30).facts;
  facts.slice_spacing = 2;
  VolumeGeometry expected;
  expected.spacing = {0.5, 0.7, 2};
  expected.to_world = {{{-0.5, 0, 0, 10}, {0, -0.7, 0, -20}, {0, 0, 2, 30}}};
  CHECK(GeometryOf(facts) == expected);
  // Sagittal: rows run to the back, columns down; slices then to the left.
  facts.along_row = {0, 1, 0};
  facts.along_column = {0, 0, -1};
  expected.to_world = {{{0, 0, 2, 10}, {-0.5, 0, 0, -20}, {0, -0.7, 0, 30}}};
  CHECK(GeometryOf(facts) == expected);
}

TEST_CASE("dicom: slices are ordered by their places") {
  const OrderedSlices ordered = OrderSlices("scan", {SliceAt(4), SliceAt(0), SliceAt(2)});
  CHECK(ordered.slices.front().path == "s0");
  CHECK(ordered.slices.back().path == "s40");
  CHECK(ordered.geometry.spacing[2] == 2);
  CHECK(ordered.geometry.to_world[2] == std::array<double, 4>{0, 0, 2, 0});
}

TEST_CASE("dicom: a series with gaps, doubles or strangers is refused, and no patient named") {
  CHECK(Says({SliceAt(0), SliceAt(2), SliceAt(6), SliceAt(8)}, "from 2 to 6 mm"));
  CHECK(Says({SliceAt(0), SliceAt(2), SliceAt(2, "t"), SliceAt(4)}, "at 2 mm"));
  CHECK(Problem({SliceAt(0), SliceAt(2.001), SliceAt(4)}).empty());
  DicomSlice other = SliceAt(4);
  other.facts.patient = 7;
  CHECK(Says({SliceAt(0), SliceAt(2), other}, "more than one patient"));
  other = SliceAt(4);
  other.facts.series = 7;
  CHECK(Says({SliceAt(0), SliceAt(2), other}, "2 slices with s0, 1 slice with s40"));
  other = SliceAt(4);
  other.facts.spacing[0] = 0.6;
  CHECK(Says({SliceAt(0), SliceAt(2), other}, "differ in spacing"));
}

TEST_CASE("dicom: single images with a series each, and those without a place, are no volume") {
  std::vector<DicomSlice> slices = {SliceAt(0), SliceAt(2)};
  CHECK(IsSeries(slices));
  slices[1].facts.series = 7;
  CHECK_FALSE(IsSeries(slices));
  slices[1] = SliceAt(2);
  slices[1].facts.has_position = false;
  CHECK_FALSE(IsSeries(slices));
}

TEST_CASE("dicom: a header is told again while its file stays, and anew once that has changed") {
  if (!CanDecode()) return;
  const TemporaryFolder folder;
  const std::string path = folder.File("f.dcm");
  for (const int width : {4, 4, 6, 4}) {
    WriteAll(path, DicomFile(width, "1"));
    for (int again = 0; again < 3; ++again) CHECK(DicomHeaderOf(path).facts.width == width);
  }
  WriteAll(path, ToBytes("no DICOM any more"));
  CHECK_THROWS_AS(DicomHeaderOf(path), IoError);
  WriteAll(path, DicomFile(8, "1"));
  CHECK(DicomHeaderOf(path).facts.width == 8);
}

TEST_CASE("dicom: decimal strings with blanks and signs, as the standard allows them") {
  if (!CanDecode()) return;
  for (const char* const slope : {"1.5", "+1.5", " 1.5", " +1.5 ", "1.5E0", "+15e-01"}) {
    CAPTURE(std::string(slope));
    const Bytes bytes = DicomFile(4, slope);
    const DicomPicture picture = DecodeDicom({"f", bytes}, DicomPart::kHeader);
    CHECK(picture.rescale.front().slope == 1.5);
    CHECK(picture.facts.position == std::array<double, 3>{1, 2, 3});
  }
}

TEST_CASE("contained: what ends its process, or throws, ends no more") {
  const auto emitted = RunContained([](const EmitBytes& emit) { emit(ToBytes("abc")); });
  CHECK(emitted == ToBytes("abc"));
  CHECK_FALSE(RunContained([](const EmitBytes&) { std::abort(); }));
  CHECK_FALSE(RunContained([](const EmitBytes&) { throw 1; }));
  const std::string printed =
      StderrOf([] { RunContained([](const EmitBytes&) { std::abort(); }); });
  CHECK(printed.empty());
}

TEST_CASE("contained: memory that is withheld stays as it is, and its process lacks whole pages") {
  std::vector<unsigned char> memory(1 << 16, 7);
  {
    const Withheld withheld(memory);
    CHECK_FALSE(RunContained(
        [&](const EmitBytes& emit) { emit(std::span(memory).subspan(memory.size() / 2, 1)); }));
    const Withheld nothing({});
    CHECK(RunContained([](const EmitBytes& emit) { emit(ToBytes("abc")); }) == ToBytes("abc"));
    memory[1 << 15] = 8;
  }
  CHECK(memory[1 << 15] == 8);
  CHECK(RunContained([&](const EmitBytes& emit) { emit(memory); }) == memory);
}

}  // namespace gmmseg
