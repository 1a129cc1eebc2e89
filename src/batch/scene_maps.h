// Where the maps of a raster that is not held go, cell by cell: into one file each, or tiles, by
// one process or by ranks.
#pragma once

#include <gmmseg/ranks.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/write_maps.h"
#include "stream/cells.h"

namespace gmmseg {

// Files of whole cells, some 2048 x 2048 pixels and no more than 16384 of them, by the raster's
// size alone.
class TileGrid {
 public:
  TileGrid(std::int64_t width, std::int64_t height);

  std::int64_t size() const { return columns_ * rows_; }
  std::int64_t Row(std::int64_t tile) const { return tile / columns_; }
  std::int64_t Column(std::int64_t tile) const { return tile % columns_; }
  Window At(std::int64_t tile) const;  // row by row of tiles
  std::int64_t TileOf(const Window& cell) const;

 private:
  std::int64_t width_, height_, side_, columns_, rows_;
};

class SceneMaps {
 public:
  // `keep` as in MapOutputs. Ranks that write tiles write their own; of one file rank 0 writes all,
  // and the others send it theirs.
  SceneMaps(const boost::filesystem::path& folder, const std::string& stem,
            const MapSubject& subject, const OutputOptions& output, const CellReader& cells,
            Ranks* ranks, KeepValues keep);

  // That this rank labels, in the order in which it writes them.
  const std::vector<std::int64_t>& cells() const { return own_; }
  // The next of these.
  void Write(std::int64_t cell, const MapPart& part);
  // The same of values that were kept, of one file that one process writes.
  void WriteKept(const Window& core, const FetchValues& fetch) { maps_->WriteKept(core, fetch); }
  std::int64_t KeptBytesPerPixel() const { return maps_->BytesPerPixel(); }
  void Close();

 private:
  bool HasTiles() const { return output_.map_files == MapFiles::kTiles; }
  void WriteIntoTile(std::int64_t cell, const MapPart& part);
  void CloseTile();
  void Count(Output kind, const std::vector<std::int64_t>& counts);
  void WriteForAll(std::int64_t cell, const MapPart& part);
  void CloseTiles();

  const boost::filesystem::path& folder_;
  std::string stem_;
  MapSubject subject_;
  const OutputOptions& output_;
  const CellReader& cells_;
  Ranks* ranks_;
  std::vector<std::int64_t> own_;
  std::string sent_;  // a cell's values, for rank 0
  TileGrid grid_;
  std::int64_t tile_ = -1;            // that maps_ are of
  std::unique_ptr<MapOutputs> maps_;  // of the tile, or the whole
  ClassCounts counts_;                // of the tiles that are closed
};

}  // namespace gmmseg
