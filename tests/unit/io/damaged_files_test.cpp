// Small files with bytes flipped, cut off and doubled must never do worse than throw.
#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>
#include <tiff.h>

#include "base/random.h"
#include "io/file_bytes.h"
#include "io/model_format.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

constexpr int kCopies = 2000;

// One to four changed bytes, and every other copy cut short.
Bytes Damaged(Bytes bytes, std::uint64_t copy) {
  RandomStream random(2024, copy);
  const int num_changes = 1 + static_cast<int>(random.Uniform() * 4);
  for (int c = 0; c < num_changes; ++c) {
    const auto at = static_cast<std::size_t>(random.Uniform() * static_cast<double>(bytes.size()));
    bytes[at] = static_cast<unsigned char>(random.Uniform() * 256);
  }
  if (copy % 2 == 0)
    bytes.resize(1 +
                 static_cast<std::size_t>(random.Uniform() * static_cast<double>(bytes.size())));
  return bytes;
}

// Reading is allowed to succeed (a changed pixel) or to throw an IoError, nothing else.
void CheckSurvives(const Bytes& whole, int copies) {
  REQUIRE_NOTHROW(DecodeImage("whole", whole));
  for (int copy = 0; copy < copies; ++copy) {
    CAPTURE(copy);
    try {
      DecodeImage("damaged", Damaged(whole, copy));
    } catch (const IoError&) {
    }
  }
}

std::vector<Bytes> Tiffs() {
  const Bytes values(16 * 16 * 3, 77);
  TiffSpec plain{.width = 16, .height = 16, .samples = 3, .photometric = PHOTOMETRIC_RGB};
  TiffSpec deflate = plain;
  deflate.compression = COMPRESSION_ADOBE_DEFLATE;
  deflate.predictor = PREDICTOR_HORIZONTAL;
  TiffSpec tiled = plain;
  tiled.tile = 16;
  tiled.compression = COMPRESSION_LZW;
  TiffSpec palette{.width = 16, .height = 16, .photometric = PHOTOMETRIC_PALETTE};
  palette.palette.assign(3 * 256, 1234);
  return {EncodeTiff(plain, values), EncodeTiff(deflate, values), EncodeTiff(tiled, values),
          EncodeTiff(palette, values)};
}

}  // namespace

TEST_CASE("damaged files: TIFF never crashes or prints") {
  CHECK(StderrOf([] {
          for (const Bytes& tiff : Tiffs()) CheckSurvives(tiff, kCopies / 4);
        }) == "");
}

TEST_CASE("damaged files: PNG, BMP, WebP and PNM never crash or print") {
  const Bytes pixels(12 * 10 * 3, 5);
  CHECK(StderrOf([&] {
          CheckSurvives(EncodePng({12, 10, 2, 8, pixels, {}, {}}), kCopies);
          CheckSurvives(EncodeWithOpenCv(".bmp", ColorGradient(12, 10)), kCopies);
          CheckSurvives(EncodeWithOpenCv(".webp", ColorGradient(12, 10)), kCopies);
          CheckSurvives(Concatenate(ToBytes("P6\n12 10\n255\n"), pixels), kCopies);
          CheckSurvives(ToBytes("P2 # text\n3 3\n255\n1 2 3 4 5 6 7 8 9\n"), kCopies);
        }) == "");
}

TEST_CASE("damaged files: JPEG never crashes") {
  // libjpeg has a line for stderr when the entropy-coded data are wrong; OpenCV gives no way to
  // take it.
  StderrOf([] { CheckSurvives(EncodeWithOpenCv(".jpg", ColorGradient(40, 30)), kCopies); });
}

TEST_CASE("damaged files: models never crash") {
  const TemporaryFolder folder;
  Model model;
  model.features.spec = {ColorSpace::kGray, 0};
  model.features.info = {{"gray", "gray", "0..255"}};
  model.features.blocks = model.fit.model.blocks = {{0, 1, 1.0}};
  model.standardization = Standardization::Identity(1);
  model.fit.model.weights = Eigen::VectorXd::Ones(1);
  model.fit.model.means = Eigen::MatrixXd::Ones(1, 1);
  model.fit.model.covariances = {Eigen::MatrixXd::Ones(1, 1)};
  model.fit.at_floor = {false};
  model.fit.requested_components = 1;
  model.classes = {{1, "class 1", {1, 2, 3}, 1, 1, Eigen::VectorXd::Ones(1)}};
  WriteModel(folder.File("whole"), model);
  REQUIRE_NOTHROW(ReadModel(folder.File("whole")));
  const Bytes whole = ReadAll(folder.File("whole"));
  for (int copy = 0; copy < kCopies; ++copy) {
    CAPTURE(copy);
    try {
      ParseModel("damaged", Damaged(whole, copy));
    } catch (const IoError&) {
    }
  }
}

}  // namespace gmmseg
