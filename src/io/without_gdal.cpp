// What a build without GDAL has of it.
#include <gmmseg/errors.h>

#include "base/hash.h"
#include "io/map_reader.h"
#include "io/map_writer.h"

namespace gmmseg {
namespace {

[[noreturn]] void Refuse(IoError::Operation operation, const std::string& path) {
  throw IoError(operation, path +
                               ": needs GDAL, which is not in this build; build with "
                               "-DGMMSEG_WITH_GDAL=ON");
}

}  // namespace

const std::string_view kMapFormats = "; with -DGMMSEG_WITH_GDAL=ON, what GDAL opens";

bool IsGdalName(const std::string&) { return false; }
bool IsLocatedTiff(const ImageSource&) { return false; }
bool IsSameCrs(const std::string& wkt, const std::string& other_wkt) { return wkt == other_wkt; }
std::string CrsUrn(const std::string&) { return ""; }
bool IsKnownToGdal(const std::string&) { return false; }
OpenedMap OpenMap(const std::string& path, ValueMeaning) {
  Refuse(IoError::Operation::kRead, path);
}
HashOfFiles::HashOfFiles(const std::vector<std::string>&, std::int64_t) {}
std::string HashOfFiles::OfPart(std::int64_t) const { return ContentHash(std::string_view()); }
std::string HashOfFiles::Of(const std::vector<std::string>&) const { return Of(); }
std::string HashOfFiles::Of() const { return ContentHash(std::string_view()); }

BlockCacheLimit::BlockCacheLimit(std::int64_t bytes) : before_(bytes) {}
BlockCacheLimit::~BlockCacheLimit() = default;

struct MapWriter::Impl {};
MapWriter::MapWriter(const std::string& path, const MapFormat&) {
  Refuse(IoError::Operation::kWrite, path);
}
MapWriter::~MapWriter() = default;
void MapWriter::Write(const Window&, int, const void*) {}
void MapWriter::Close(const std::vector<std::int64_t>&) {}

void WriteMosaic(const std::string& path, const MapFormat&, const std::vector<MosaicTile>&,
                 const std::vector<std::int64_t>&) {
  Refuse(IoError::Operation::kWrite, path);
}

}  // namespace gmmseg
