#include "batch/scene_maps.h"

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <functional>
#include <utility>

#include "base/byte_text.h"
#include "base/share.h"
#include "batch/output_names.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

constexpr std::int64_t kTileSide = 4 * kCellSide, kMostTiles = 16384;

std::int64_t NumAlong(std::int64_t extent, std::int64_t side) { return (extent + side - 1) / side; }

Window Moved(Window window, std::int64_t x, std::int64_t y) {
  window.x -= x;
  window.y -= y;
  return window;
}

}  // namespace

TileGrid::TileGrid(std::int64_t width, std::int64_t height)
    : width_(width), height_(height), side_(kTileSide) {
  while (NumAlong(width, side_) * NumAlong(height, side_) > kMostTiles) side_ *= 2;
  columns_ = NumAlong(width, side_);
  rows_ = NumAlong(height, side_);
}

Window TileGrid::At(std::int64_t tile) const {
  const std::int64_t x = Column(tile) * side_, y = Row(tile) * side_;
  return {x, y, std::min(side_, width_ - x), std::min(side_, height_ - y)};
}

std::int64_t TileGrid::TileOf(const Window& cell) const {
  return cell.y / side_ * columns_ + cell.x / side_;
}

SceneMaps::SceneMaps(const fs::path& folder, const std::string& stem, const MapSubject& subject,
                     const OutputOptions& output, const CellReader& cells, Ranks* ranks,
                     KeepValues keep)
    : folder_(folder),
      stem_(stem),
      subject_(subject),
      output_(output),
      cells_(cells),
      ranks_(ranks),
      grid_(subject.width, subject.height) {
  const Share tiles = ShareOf(grid_.size(), ranks);
  for (std::int64_t cell = 0; cell < cells.size(); ++cell) {
    const std::int64_t tile = grid_.TileOf(cells.At(cell));
    const bool is_own = HasTiles() ? tiles.first <= tile && tile < tiles.behind
                                   : ranks == nullptr || cell % ranks->size() == ranks->rank();
    if (is_own) own_.push_back(cell);
  }
  if (HasTiles()) {
    std::ranges::stable_sort(own_, {},
                             [&](std::int64_t cell) { return grid_.TileOf(cells.At(cell)); });
    if (IsFirst(ranks)) fs::create_directory(folder / TileFolderName(stem));
    if (ranks != nullptr) Meet(*ranks);
    return;
  }
  if (!IsFirst(ranks)) {
    maps_ = std::make_unique<MapOutputs>(std::nullopt, stem, subject, output,
                                         [this](const void* values, std::int64_t bytes) {
                                           sent_.append(static_cast<const char*>(values), bytes);
                                         });
    return;
  }
  maps_ = std::make_unique<MapOutputs>(folder, stem, subject, output, std::move(keep));
}

void SceneMaps::Write(std::int64_t cell, const MapPart& part) {
  if (HasTiles()) return WriteIntoTile(cell, part);
  if (ranks_ != nullptr) return WriteForAll(cell, part);
  maps_->Write(part);
}

void SceneMaps::WriteIntoTile(std::int64_t cell, const MapPart& part) {
  const std::int64_t tile = grid_.TileOf(cells_.At(cell));
  const Window at = grid_.At(tile);
  if (tile != tile_) {
    CloseTile();
    tile_ = tile;
    const MapSubject subject{
        at.width, at.height, subject_.num_bands,
        subject_.georeference.Shifted(static_cast<double>(at.x), static_cast<double>(at.y)),
        subject_.model};
    maps_ = std::make_unique<MapOutputs>(folder_ / TileFolderName(stem_),
                                         TileStem(stem_, grid_.Row(tile), grid_.Column(tile)),
                                         subject, output_);
  }
  maps_->Write({Moved(part.seen, at.x, at.y), Moved(part.core, at.x, at.y), part.raster,
                part.result, part.measures});
}

void SceneMaps::CloseTile() {
  if (!maps_) return;
  maps_->Close();
  for (const auto& [kind, counts] : maps_->counts()) Count(kind, counts);
  maps_.reset();
}

void SceneMaps::Count(Output kind, const std::vector<std::int64_t>& counts) {
  std::vector<std::int64_t>& all = counts_[kind];
  all.resize(counts.size());
  std::ranges::transform(all, counts, all.begin(), std::plus<>());
}

// Rank 0 writes its cell, and then those of the others up to its next one.
void SceneMaps::WriteForAll(std::int64_t cell, const MapPart& part) {
  maps_->Write(part);
  if (!ranks_->IsFirst()) {
    ranks_->Send(0, std::exchange(sent_, {}));
    return;
  }
  for (int rank = 1; rank < ranks_->size() && cell + rank < cells_.size(); ++rank) {
    const std::string values = ranks_->Receive(rank);
    ByteReader reader(values);
    maps_->WriteKept(cells_.At(cell + rank),
                     [&](void* to, std::int64_t bytes) { reader.Copy(to, bytes); });
  }
}

void SceneMaps::Close() {
  if (HasTiles()) return CloseTiles();
  if (IsFirst(ranks_)) maps_->Close();
}

void SceneMaps::CloseTiles() {
  CloseTile();
  if (ranks_ != nullptr) {
    const auto bytes = [&] {
      ByteWriter writer;
      for (const auto& [kind, counts] : counts_) {
        writer.Put(kind);
        writer.Put(counts);
      }
      return writer.Take();
    };
    const auto join = [&](const std::string& others) {
      for (ByteReader reader(others); !reader.at_end();) {
        const auto kind = reader.Next<Output>();
        Count(kind, reader.Next<std::vector<std::int64_t>>());
      }
    };
    Unite(*ranks_, bytes, join, [](const std::string&) {});
  }
  if (!IsFirst(ranks_)) return;
  std::vector<WrittenTile> tiles;
  for (std::int64_t tile = 0; tile < grid_.size(); ++tile)
    tiles.push_back({grid_.At(tile), TileFolderName(stem_),
                     TileStem(stem_, grid_.Row(tile), grid_.Column(tile))});
  WriteMosaics(folder_, stem_, subject_, output_, tiles, counts_);
}

}  // namespace gmmseg
