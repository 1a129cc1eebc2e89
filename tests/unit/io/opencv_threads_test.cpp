#include <doctest/doctest.h>
#include <gmmseg/features.h>

#include <atomic>
#include <memory>
#include <opencv2/core/parallel/parallel_backend.hpp>
#include <opencv2/core/utility.hpp>

#include "io/file_bytes.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// In place of OpenCV's threads: runs what it is asked for here, and counts.
class CountingThreads : public cv::parallel::ParallelForAPI {
 public:
  int num_calls() const { return num_calls_; }

  void parallel_for(int tasks, FN_parallel_for_body_cb_t body, void* data) override {
    ++num_calls_;
    body(0, tasks, data);
  }
  int getThreadNum() const override { return 0; }
  int getNumThreads() const override { return 4; }
  int setNumThreads(int) override { return 4; }
  const char* getName() const override { return "counting"; }

 private:
  std::atomic<int> num_calls_ = 0;
};

}  // namespace

TEST_CASE("opencv: neither decoding nor colour conversion asks it for threads of its own") {
  const cv::Mat image = ColorGradient(1200, 900);
  const auto threads = std::make_shared<CountingThreads>();
  cv::parallel::setParallelForBackend(threads, false);
  cv::parallel_for_(cv::Range(0, 100), [](const cv::Range&) {});
  REQUIRE(threads->num_calls() == 1);  // the count does count
  for (const char* extension : {".jpg", ".bmp", ".webp"}) {
    const Bytes file = EncodeWithOpenCv(extension, image);
    const int before = threads->num_calls();
    const Raster raster = DecodeImage("image", file);
    for (const ColorSpace space : {ColorSpace::kGray, ColorSpace::kHsv, ColorSpace::kYCrCb})
      ComputeFeatures(raster, {space, 0});
    CAPTURE(std::string(extension));
    CHECK(threads->num_calls() == before);
  }
  cv::parallel::setParallelForBackend(std::shared_ptr<cv::parallel::ParallelForAPI>(), false);
}

}  // namespace gmmseg
