#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "io/file_bytes.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

Raster Decode(const std::string& text) { return DecodeImage("test.pnm", ToBytes(text)); }

template <typename T>
std::vector<T> ValuesOf(const std::string& text) {
  return BandOf<T>(Decode(text), 0);
}

template <std::size_t N>
std::string Raw(const char (&text)[N]) {
  return std::string(text, N - 1);
}

}  // namespace

TEST_CASE("pnm: bits, where 1 is black, as text and packed") {
  const std::vector<std::uint8_t> expected = {0, 255, 0, 255, 255, 0, 255, 0};
  CHECK(ValuesOf<std::uint8_t>("P1\n# a comment\n4 2\n1 0 1 0\n0101") == expected);
  CHECK(ValuesOf<std::uint8_t>("P4\n4 2\n\xa0\x50") == expected);
}

TEST_CASE("pnm: 8-bit values fill 0…255, whatever the largest is") {
  const std::vector<std::uint8_t> expected = {0, 128, 255};
  CHECK(ValuesOf<std::uint8_t>("P2\n3 1\n100\n0 50 100") == expected);
  CHECK(ValuesOf<std::uint8_t>(Raw("P5\n3 1\n100\n\0\x32\x64")) == expected);
}

TEST_CASE("pnm: values above 8 bits stay as they are, and the largest is white") {
  const std::vector<std::uint16_t> expected = {50, 4095};
  CHECK(Decode("P2 1 1 4095 50\n").white() == 4095);
  CHECK(Decode(Raw("P6\n1 1\n4095\n\0\1\0\2\0\3")).white() == 4095);
  CHECK(Decode("P2 1 1 100 50\n").white() == 255);
  CHECK(ValuesOf<std::uint16_t>("P2 2 1 4095 50 4095\n") == expected);
  CHECK(ValuesOf<std::uint16_t>(Raw("P5\n2 1\n4095\n\0\x32\x0f\xff")) == expected);
}

TEST_CASE("pnm: colour in planes R, G, B") {
  for (const std::string& text :
       {std::string("P3\n1 1\n255\n1 2 3"), std::string("P6 1 1 255\n\1\2\3")}) {
    const Raster raster = Decode(text);
    CHECK(raster.color_model() == ColorModel::kRgb);
    CHECK(BandOf<std::uint8_t>(raster, 2) == std::vector<std::uint8_t>{3});
  }
}

TEST_CASE("pfm: rows run from the bottom, either byte order, times the scale") {
  const std::vector<float> values = {1, 2, 3, 4};
  const Bytes raw = BytesOf(values);
  const std::string little(raw.begin(), raw.end());
  CHECK(ValuesOf<float>("Pf\n2 2\n-1.0\n" + little) == std::vector<float>{3, 4, 1, 2});
  CHECK(ValuesOf<float>("Pf\n2 2\n-0.5\n" + little) == std::vector<float>{1.5, 2, 0.5, 1});
  CHECK(ValuesOf<float>(Raw("Pf\n1 1\n1.0\n\x3f\x80\0\0")) == std::vector<float>{1});
  CHECK(Decode(Raw("PF\n1 1\n1\n\x3f\x80\0\0\x3f\x80\0\0\x3f\x80\0\0")).color_model() ==
        ColorModel::kRgb);
}

TEST_CASE("pnm: truncated files say so") {
  for (const std::string& text :
       {std::string("P5\n2 2\n255\n\1\2\3"), std::string("P2\n2 2\n255\n10 11 12"),
        std::string("P2\n2 2\n255\n"), std::string("P5\n2"), std::string("P4\n9 2\n\1\2\3"),
        std::string("Pf\n1 1\n-1\n\1\2"), std::string("P6\n1 1\n65535\n\1\2\3\4\5")})
    CHECK(MessageOf([&] { Decode(text); }).starts_with("test.pnm: truncated PNM"));
}

TEST_CASE("pnm: headers that make no sense are refused") {
  for (const char* text :
       {"P5\n0 2\n255\n\1", "P5\n-1 2\n255\n\1", "P5\n1000000000 1000000000\n255\n\1",
        "P5\n99999999999999999999 1\n255\n\1", "P5\n1 1\n70000\n\1\1", "P5\n1 1\n0\n\1",
        "Pf\n1 1\n0\n\1\1\1\1", "Pf\n1 1\nnan\n\1\1\1\1", "P2\n1 1\n9\n10", "P2\n1 1\n9\nx",
        "P1 was a good year"})
    CHECK_THROWS_AS(Decode(text), IoError);
}

}  // namespace gmmseg
