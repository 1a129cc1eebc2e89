// The whole job: `segment` with its default outputs, beside the least that any program must do for
// the same files. Usage: bench_job SEGMENT PHOTO... [--megapixels M]
//
// - A large JPEG is made from the photographs: mirrored side by side, enlarged twofold and given
//   the noise of a sensor, so that its pictures compress like those of a camera.
// - The yardstick is a process that decodes it with OpenCV and ends, and then, within this one,
//   libpng's encoding of the very pictures that `segment` wrote, one picture per task on as many
//   threads: once as segment does (write_pictures.cpp), and once by libpng's own choice of filter
//   and strategy at level 4.
// - For the first photograph, made 0.15 megapixels small, the yardstick is the decoding process
//   alone.
#include <png.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fs = boost::filesystem;

namespace {

constexpr int kThreads = 2, kRuns = 7;
constexpr double kSmallMegapixels = 0.15;

enum class PngSettings { kAsSegment, kLevel4 };

using Arguments = std::vector<std::string>;

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void RunProgram(Arguments arguments) {
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  if (posix_spawn(&child, words[0], nullptr, nullptr, words.data(), environ) != 0 ||
      waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(arguments[0] + " failed");
}

cv::Mat Read(const std::string& path) {
  cv::Mat image = cv::imread(path);
  if (image.empty()) throw std::runtime_error(path + ": cannot be read");
  return image;
}

// A plane of the photographs, each mirrored over and over, in bands from top to bottom.
cv::Mat Scene(const Arguments& photos, int width, int height) {
  cv::Mat scene(height, width, CV_8UC3);
  const int num_bands = static_cast<int>(photos.size());
  for (int b = 0; b < num_bands; ++b) {
    cv::Mat photo = Read(photos[b]);
    cv::resize(photo, photo, {}, 2, 2, cv::INTER_CUBIC);
    const cv::Range rows(height * b / num_bands, height * (b + 1) / num_bands);
    cv::Mat tiled;
    cv::copyMakeBorder(photo, tiled, 0, std::max(0, rows.size() - photo.rows), 0,
                       std::max(0, width - photo.cols), cv::BORDER_REFLECT);
    tiled(cv::Range(0, rows.size()), cv::Range(0, width)).copyTo(scene.rowRange(rows));
  }
  return scene;
}

void MakeLargeJpeg(const Arguments& photos, double megapixels, const std::string& path) {
  const int height = static_cast<int>(std::lround(std::sqrt(megapixels * 1e6 * 3 / 4)));
  cv::Mat scene = Scene(photos, static_cast<int>(std::lround(megapixels * 1e6 / height)), height);
  cv::Mat noise(scene.size(), CV_16SC3);
  cv::RNG(1).fill(noise, cv::RNG::NORMAL, 0, 3);
  cv::add(scene, noise, scene, cv::noArray(), CV_8U);
  cv::imwrite(path, scene, {cv::IMWRITE_JPEG_QUALITY, 92});
}

void MakeSmallJpeg(const std::string& photo, const std::string& path) {
  cv::Mat image = Read(photo);
  const double scale = std::sqrt(kSmallMegapixels * 1e6 / static_cast<double>(image.total()));
  cv::resize(image, image, {}, scale, scale, cv::INTER_AREA);
  cv::imwrite(path, image, {cv::IMWRITE_JPEG_QUALITY, 92});
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

File Open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  return file;
}

// A PNG as it lay on disk: its pixels, colour type and palette.
class Picture {
 public:
  explicit Picture(const std::string& path)
      : name_(fs::path(path).filename().string()),
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr)),
        info_(png_create_info_struct(png_)) {
    const File file = Open(path, "rb");
    png_init_io(png_, file.get());
    png_read_png(png_, info_, PNG_TRANSFORM_IDENTITY, nullptr);
  }
  ~Picture() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  void Write(const fs::path& folder, PngSettings settings) const {
    const File file = Open((folder / name_).string(), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_init_io(png, file.get());
    if (settings == PngSettings::kAsSegment) {
      png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
      png_set_compression_level(png, Z_BEST_SPEED);
      png_set_compression_strategy(png, Z_RLE);
    } else {
      png_set_compression_level(png, 4);
    }
    png_write_png(png, info_, PNG_TRANSFORM_IDENTITY, nullptr);
    png_destroy_write_struct(&png, nullptr);
  }

 private:
  std::string name_;
  png_structp png_;
  png_infop info_;
};

using Pictures = std::vector<std::unique_ptr<Picture>>;

// The PNGs of the folder, the largest file first.
Pictures ReadPictures(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".png") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end(), [](const fs::path& a, const fs::path& b) {
    return fs::file_size(a) > fs::file_size(b);
  });
  Pictures pictures;
  for (const fs::path& path : paths) pictures.push_back(std::make_unique<Picture>(path.string()));
  return pictures;
}

void Encode(const Pictures& pictures, const fs::path& folder, PngSettings settings) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (std::size_t i = next++; i < pictures.size(); i = next++)
        pictures[i]->Write(folder, settings);
    });
}

// A folder of its own, removed in the end.
struct ScratchFolder {
  fs::path path = fs::temp_directory_path() / fs::unique_path("gmmseg-bench-%%%%%%%%");
  ScratchFolder() { fs::create_directories(path / "plain"); }
  ~ScratchFolder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

Arguments SegmentCommand(const std::string& program, const std::string& photo,
                         const std::string& output) {
  return {program, photo, "-k", "4", "-q", "--overwrite", "--threads", std::to_string(kThreads),
          "-o",    output};
}

void CompareLarge(const std::string& program, const std::string& self,
                  const ScratchFolder& scratch) {
  const std::string photo = scratch / "large.jpg", output = scratch / "large";
  RunProgram(SegmentCommand(program, photo, output));
  const Pictures pictures = ReadPictures(output);
  std::vector<double> ours, decoding, encoding, encoding_level_4;
  for (int run = 0; run < kRuns; ++run) {
    ours.push_back(Seconds([&] { RunProgram(SegmentCommand(program, photo, output)); }));
    decoding.push_back(Seconds([&] { RunProgram({self, "--decode", photo}); }));
    encoding.push_back(
        Seconds([&] { Encode(pictures, scratch / "plain", PngSettings::kAsSegment); }));
    encoding_level_4.push_back(
        Seconds([&] { Encode(pictures, scratch / "plain", PngSettings::kLevel4); }));
  }
  const auto print = [&](const char* settings, const std::vector<double>& seconds) {
    const double plain = Median(decoding) + Median(seconds);
    std::printf("| decoding %.3f s + encoding %.3f s, %s | %.3f s |\n| ratio | %.2f |\n",
                Median(decoding), Median(seconds), settings, plain, Median(ours) / plain);
  };
  std::printf("| segment, the whole process | %.3f s |\n", Median(ours));
  print("as segment does", encoding);
  print("libpng's choice at level 4", encoding_level_4);
}

void CompareSmall(const std::string& program, const std::string& self,
                  const ScratchFolder& scratch) {
  const std::string photo = scratch / "small.jpg", output = scratch / "small";
  RunProgram(SegmentCommand(program, photo, output));
  std::vector<double> ours, plain;
  for (int run = 0; run < 4 * kRuns; ++run) {
    ours.push_back(Seconds([&] { RunProgram(SegmentCommand(program, photo, output)); }));
    plain.push_back(Seconds([&] { RunProgram({self, "--decode", photo}); }));
  }
  std::printf("| %.2f megapixels: segment | %.0f ms |\n", kSmallMegapixels, 1e3 * Median(ours));
  std::printf("| a process that only decodes it | %.0f ms |\n", 1e3 * Median(plain));
  std::printf("| difference | %.0f ms |\n", 1e3 * (Median(ours) - Median(plain)));
}

void Compare(const std::string& self, Arguments photos) {
  double megapixels = 12.5;
  if (photos.size() > 3 && photos[photos.size() - 2] == "--megapixels") {
    megapixels = std::stod(photos.back());
    photos.resize(photos.size() - 2);
  }
  const std::string program = photos.front();
  photos.erase(photos.begin());
  const ScratchFolder scratch;
  MakeLargeJpeg(photos, megapixels, scratch / "large.jpg");
  MakeSmallJpeg(photos.front(), scratch / "small.jpg");
  std::printf("| %.1f megapixels, %d threads, median of %d | |\n|---|---|\n", megapixels, kThreads,
              kRuns);
  CompareLarge(program, self, scratch);
  CompareSmall(program, self, scratch);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments(argv + 1, argv + argc);
    if (arguments.size() < 2)
      throw std::runtime_error("usage: bench_job SEGMENT PHOTO... [--megapixels M]");
    if (arguments[0] == "--decode")
      Read(arguments[1]);
    else
      Compare(argv[0], arguments);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_job: %s\n", error.what());
    return 1;
  }
}
