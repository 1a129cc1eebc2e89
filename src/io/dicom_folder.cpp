#include "io/dicom_folder.h"

#include <gmmseg/threads.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <memory>
#include <span>
#include <utility>

#include "base/hash.h"
#include "base/ordered_pipeline.h"
#include "io/contained.h"
#include "io/dicom_decoder.h"
#include "io/dicom_headers.h"
#include "io/dicom_series.h"
#include "io/dicom_values.h"
#include "io/file_bytes.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

struct FolderFiles {
  std::vector<std::string> dicom, other_images;
};

bool IsDicomFile(const std::string& path) {
  constexpr std::int64_t kFirst = 132;
  try {
    const PeekedFile file(path, "a DICOM file");
    const std::vector<unsigned char> bytes = file.First(kFirst);
    return IsDicom({path, bytes, file.size()});
  } catch (const IoError&) {
    return false;
  }
}

FolderFiles FilesOf(const std::string& folder) {
  FolderFiles files;
  boost::system::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    const bool is_hidden = entry->path().filename().string().starts_with('.');
    if (is_hidden || !fs::is_regular_file(entry->status(error))) continue;
    if (IsDicomFile(path))
      files.dicom.push_back(path);
    else if (HasImageExtension(path))
      files.other_images.push_back(path);
  }
  std::ranges::sort(files.dicom);
  std::ranges::sort(files.other_images);
  return files;
}

struct ReadSlices {
  std::vector<DicomSlice> slices;
  std::string failure;  // of a file that cannot be read
};

// Reports and plans are none.
ReadSlices SlicesOf(const std::vector<std::string>& paths) {
  std::vector<std::optional<DicomSlice>> found(paths.size());
  std::vector<std::string> failures(paths.size());
  tbb::parallel_for(std::size_t{0}, paths.size(), [&](std::size_t i) {
    try {
      DicomPicture header = DicomHeaderOf(paths[i]);
      found[i] = {paths[i], header.facts, header.rescale.front()};
    } catch (const NoDicomImage&) {
    } catch (const IoError& error) {
      failures[i] = error.what();
    }
  });
  ReadSlices read;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (found[i]) read.slices.push_back(std::move(*found[i]));
    if (read.failure.empty()) read.failure = std::move(failures[i]);
  }
  return read;
}

OrderedSlices OrderedSlicesOf(const std::string& folder) {
  const FolderFiles files = FilesOf(folder);
  ReadSlices read = SlicesOf(files.dicom);
  if (!read.failure.empty()) throw IoError(IoError::Operation::kRead, read.failure);
  if (!IsSeries(read.slices))
    Refuse(folder, "holds no DICOM series, which has several slices; give the files of images");
  if (!files.other_images.empty())
    Refuse(folder, "holds a DICOM series and other images (" + files.other_images.front() +
                       "); give each a folder of its own");
  return OrderSlices(folder, std::move(read.slices));
}

// Of all slices: the widest type that one of them has.
ImageHeader HeaderOf(const OrderedSlices& series) {
  ImageHeader header;
  for (const DicomSlice& slice : series.slices) {
    const ImageHeader own = HeaderOf(DicomPicture{slice.facts, {slice.rescale}, {}});
    const SampleType type = std::max(header.type, own.type);
    header = own;
    header.type = type;
  }
  header.depth = std::ssize(series.slices);
  return header;
}

struct LoadedSlice {
  Raster raster;
  std::string hash;
};

LoadedSlice LoadSlice(const std::string& path) {
  const std::vector<unsigned char> bytes = ReadFileBytes(path, "a DICOM file");
  std::optional<Raster> raster = ReadDicom({path, bytes});
  if (!raster) Refuse(path, "is no DICOM any more; run again when the folder is complete");
  return {std::move(*raster), ContentHash(bytes)};
}

// What is decoded may be of another type than the header says, and of no wider one.
void PutSlice(const DicomSlice& slice, const Raster& from, std::int64_t z, Raster& volume) {
  if (from.num_pixels() != volume.width() * volume.height() ||
      from.num_bands() != volume.num_bands() || from.type() > volume.type())
    Refuse(slice.path, "its pixels are not what its header says; export it again");
  const std::int64_t first = z * from.num_pixels();
  for (int b = 0; b < from.num_bands(); ++b)
    from.VisitBand(b, [&](const auto* values) {
      volume.VisitBand(b, [&]<typename T>(const T*) {
        std::transform(values, values + from.num_pixels(), volume.Band<T>(b) + first,
                       [](auto value) { return static_cast<T>(value); });
      });
    });
  for (std::int64_t i = 0; i < from.num_pixels(); ++i)
    if (!from.IsValid(i)) volume.Invalidate(first + i);
}

// From the processes that decode slices.
std::vector<std::unique_ptr<Withheld>> Withhold(Raster& volume) {
  std::vector<std::unique_ptr<Withheld>> bands;
  for (int b = 0; b < volume.num_bands(); ++b)
    volume.VisitBand(b, [&]<typename T>(const T*) {
      bands.push_back(std::make_unique<Withheld>(std::span(
          reinterpret_cast<unsigned char*>(volume.Band<T>(b)), volume.num_pixels() * sizeof(T))));
    });
  return bands;
}

}  // namespace

bool IsDicomFolder(const std::string& path) {
  boost::system::error_code ignored;
  return fs::is_directory(path, ignored) && IsSeries(SlicesOf(FilesOf(path).dicom).slices);
}

LoadedImage LoadDicomFolder(const std::string& path) {
  const OrderedSlices series = OrderedSlicesOf(path);
  const ImageHeader header = HeaderOf(series);
  const auto depth = std::ssize(series.slices);
  LoadedImage image{
      Raster(header.width, header.height, header.num_bands, header.type, header.color_model, depth),
      ""};
  const auto withheld = Withhold(image.raster);
  std::string hashes;
  double white = 1;
  ForEachInOrder(
      depth, 2 * ActiveThreads(), [&](std::int64_t z) { return LoadSlice(series.slices[z].path); },
      [&](std::int64_t z, const LoadedSlice& slice) {
        PutSlice(series.slices[z], slice.raster, z, image.raster);
        white = std::max(white, slice.raster.white());
        hashes += slice.hash + " ";
        return Next::kGoOn;
      });
  if (header.type != SampleType::kFloat32) image.raster.SetWhite(white);
  image.raster.SetVolume(series.geometry);
  image.hash = ContentHash(hashes);
  return image;
}

ImageHeader ReadDicomFolderHeader(const std::string& path) {
  return HeaderOf(OrderedSlicesOf(path));
}

std::string HashDicomFolder(const std::string& path) {
  std::string hashes;
  for (const DicomSlice& slice : OrderedSlicesOf(path).slices)
    hashes += ContentHash(ReadFileBytes(slice.path, "a DICOM file")) + " ";
  return ContentHash(hashes);
}

}  // namespace gmmseg
