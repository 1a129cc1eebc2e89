// Rasters that GDAL reads: those that lie on the earth, and whatever only GDAL knows.
#pragma once

#include <gmmseg/block_reader.h>

#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/image_backend.h"

namespace gmmseg {

// For the list of what can be read: what follows the others.
extern const std::string_view kMapFormats;

// Whether a name is no file's but one that GDAL makes sense of: "/vsi…", "NETCDF:scene.nc:band1".
bool IsGdalName(const std::string& path);

// Whether GDAL finds a TIFF to lie on the earth: in its tags, or in a file beside it.
bool IsLocatedTiff(const ImageSource& source);

// Whether two reference systems are one, or one of them is not known.
bool IsSameCrs(const std::string& wkt, const std::string& other_wkt);

// What GeoJSON calls a reference system, of one with heights its plane:
// "urn:ogc:def:crs:EPSG::32632". Empty where it is in no authority's list.
std::string CrsUrn(const std::string& wkt);

// Whether any of GDAL's drivers knows the file.
bool IsKnownToGdal(const std::string& path);

// A map, and what to tell it by.
struct OpenedMap {
  std::unique_ptr<BlockReader> reader;
  std::vector<std::string> files;  // that it is read from
};

// Integers of at most 16 bits without sign keep their type where all bands have one; everything
// else becomes float, scale and offset applied. One band with a colour table is read as colours, or
// if `meaning` is kLabel as indices. Values that mean no data, masks and alpha become validity.
// Throws IoError where GDAL cannot open it, where it holds several rasters, of which one must be
// named, and for complex numbers.
OpenedMap OpenMap(const std::string& path, ValueMeaning meaning);

// HashImage of a map: `hashes` are of the files, and `options` say what is taken of it.
std::string HashOfTaken(const std::string& hashes, const ReadOptions& options);

// While it lives, GDAL keeps at most so many bytes of blocks that it has decoded or will write.
class BlockCacheLimit {
 public:
  explicit BlockCacheLimit(std::int64_t bytes);
  ~BlockCacheLimit();
  BlockCacheLimit(const BlockCacheLimit&) = delete;
  BlockCacheLimit& operator=(const BlockCacheLimit&) = delete;

 private:
  std::int64_t before_;
};

// A hash of the contents of all files, part by part of each, so that many may share the work.
class HashOfFiles {
 public:
  static constexpr std::int64_t kPartBytes = std::int64_t{64} << 20;

  // What is no file is left out: folders, or what a driver names and does not need.
  explicit HashOfFiles(const std::vector<std::string>& files, std::int64_t part_bytes = kPartBytes);

  std::int64_t num_parts() const { return std::ssize(parts_); }
  // Reads it. Throws IoError.
  std::string OfPart(std::int64_t part) const;
  // Of the hashes of all parts: of a file of one part that part's.
  std::string Of(const std::vector<std::string>& parts) const;
  // Reads all.
  std::string Of() const;

 private:
  struct Part {
    std::string file;
    std::int64_t first, bytes;
  };
  std::vector<Part> parts_;
};

}  // namespace gmmseg
