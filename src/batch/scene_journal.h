// What labelling a raster that is not held has come to, kept beside the outputs, so that a run that
// was killed need not begin again.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "io/file_descriptor.h"

namespace gmmseg {

// ".STEM.gmmseg-resume", in the folder of the outputs.
std::string JournalName(const std::string& stem);

// A file of records, one after another: a fit, what the labels go by, and of each finished cell,
// in their order, what was written of it. A record counts if all of it is there, by its checksum.
// What follows one that is not taken is written over. Not from several threads at a time.
//
// No run fails for its journal: where it cannot be written, as on a full disk, or another run holds
// it, there is none from then on, and every call is in vain.
class SceneJournal {
 public:
  enum class Kind : std::uint64_t { kFit = 1, kLabelling = 2, kCell = 3 };

  // `image` is the hash of what is labelled, which may be known later. Changes nothing on the disk.
  SceneJournal(boost::filesystem::path path, std::shared_future<std::string> image);
  // Removes the file if it is held: the work is done, or failed.
  ~SceneJournal();
  SceneJournal(const SceneJournal&) = delete;
  SceneJournal& operator=(const SceneJournal&) = delete;

  // Goes on with an earlier run's, if it is of this image, for whose hash it waits.
  void Find();
  // Removes an earlier run's.
  void Forget();
  // Makes a file where none was found.
  void Begin();

  // The text of the next record, if that is of this kind and has this key.
  std::optional<std::string> Take(Kind kind, const std::string& key);
  void Put(Kind kind, const std::string& key, std::string_view text);

  // Whether the next record is a cell of so many bytes. Read() then gives them, part after part;
  // throws IoError.
  bool TakeCell(std::int64_t bytes);
  void Read(void* data, std::int64_t bytes);

  // A cell, whose bytes come part after part.
  void BeginCell(std::int64_t bytes);
  void Write(const void* data, std::int64_t bytes);
  void EndCell();

 private:
  bool Open(int flags);
  bool IsOfImage();
  std::optional<std::uint64_t> WholeRecord(Kind kind) const;
  void BeginRecord(Kind kind, std::int64_t bytes);
  void EndRecord();
  bool TryRead(std::int64_t at, void* data, std::int64_t bytes) const;
  void WriteAt(std::int64_t at, const void* data, std::int64_t bytes);
  void NoteImage();
  void GiveUp();

  boost::filesystem::path path_;
  std::shared_future<std::string> image_;
  bool knows_image_ = false;  // the file does
  FileDescriptor file_;       // locked
  std::int64_t end_ = 0;      // of the records that count
  std::int64_t at_ = 0;       // within the record that is read or written
  StreamHash hash_;           // of the record that is written
};

}  // namespace gmmseg
