#include "io/staged_file.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstring>

#include "base/random.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// A file system of 64 KiB; mounted() is false where this process may not mount one.
class TinyDisk {
 public:
  TinyDisk() : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=65536") == 0) {}
  ~TinyDisk() {
    if (mounted_) ::umount(folder_.path().c_str());
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  bool mounted() const { return mounted_; }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  bool mounted_;
};

std::string TextOf(const std::string& path) {
  const Bytes bytes = ReadAll(path);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

TEST_CASE("staged file: the target appears on Commit alone, with the usual permissions") {
  const TemporaryFolder folder;
  const std::string path = folder.File("out.txt");
  StagedFile file(path);
  file.Write("hello");
  struct stat status {};
  CHECK(::stat(path.c_str(), &status) != 0);
  file.Commit();
  CHECK(TextOf(path) == "hello");
  CHECK(folder.CountFiles() == 1);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("staged file: given up, it leaves the old target as it was and nothing beside it") {
  const TemporaryFolder folder;
  WriteAll(folder.File("out.txt"), ToBytes("old"));
  { StagedFile(folder.File("out.txt")).Write("new"); }
  CHECK(TextOf(folder.File("out.txt")) == "old");
  CHECK(folder.CountFiles() == 1);
}

TEST_CASE("staged file: a long name still has room") {
  const TemporaryFolder folder;
  StagedFile file(folder.File(std::string(255, 'n')));
  file.Commit();
  CHECK(folder.CountFiles() == 1);
}

TEST_CASE("staged file: a missing folder and a target that is a folder are errors of writing") {
  const TemporaryFolder folder;
  try {
    StagedFile file(folder.File("missing/out.txt"));
    FAIL("opened a file in a folder that is not there");
  } catch (const IoError& error) {
    CHECK(error.operation() == IoError::Operation::kWrite);
    CHECK(std::string(error.what()) ==
          folder.File("missing/out.txt") +
              ": cannot be written: No such file or directory; create its folder first");
  }
  CHECK_THROWS_AS(StagedFile(folder.path()).Commit(), IoError);
  CHECK(folder.CountFiles() == 0);
}

TEST_CASE("writers: a full disk is an error with its cause, and nothing is left") {
  const TinyDisk disk;
  if (!disk.mounted()) {
    MESSAGE("skipped: this process cannot mount a tmpfs (" << std::string(std::strerror(errno))
                                                           << ")");
    return;
  }
  std::vector<Rgb> noise(400 * 400);
  for (std::size_t i = 0; i < noise.size(); ++i)
    for (int c = 0; c < 3; ++c) noise[i][c] = static_cast<std::uint8_t>(Hash(1, c, i));
  const std::string png = disk.folder().File("noise.png");
  CHECK(MessageOf([&] { WriteRgbPng(png, 400, 400, noise); }) ==
        png + ": cannot be written: No space left on device; free some space or choose another " +
            "folder");
  const std::string tif = disk.folder().File("noise.tif");
  const std::string message = MessageOf([&] {
    ProbabilityTiffWriter writer(tif, 400, 400, 1, ProbabilityDepth::kFloat32);
    std::vector<float> values(noise.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(ToUnit(Hash(2, 0, i)));
    writer.WritePlane(values, std::vector<std::uint16_t>(values.size(), 1));
    writer.Close();
  });
  CHECK(message.starts_with(tif + ": cannot be written: No space left on device"));
  CHECK(disk.folder().CountFiles() == 0);
}

}  // namespace gmmseg
