// The manifest: what became of each input, a line of JSON at a time, so that a run that was cut off
// is known up to its last image.
#pragma once

#include <gmmseg/folder_job.h>

#include <boost/filesystem/path.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/file_descriptor.h"

namespace gmmseg {

inline constexpr char kManifestName[] = "gmmseg-manifest.jsonl";
inline constexpr char kSharedModelName[] = "gmmseg-model.gmm.json";
inline constexpr char kSharedPictureName[] = "gmmseg-model_convergence.svg";  // of its fit

// Which model a folder's images share.
struct ModelRecord {
  std::string hash;      // of the model file's bytes
  std::string settings;  // that it was fitted with
  std::vector<std::string> warnings;
};

struct Manifest {
  std::map<std::string, ImageRecord> images;  // by input, the last record of each
  std::vector<ModelRecord> models;            // in the order in which they were written
  std::set<std::string> outputs;              // of all records, those before a new start included
};

// A record as its line of the manifest, without the end of the line, and back.
std::string LineOf(const ImageRecord& record);
ImageRecord RecordOfLine(const std::string& line);

// A line that was cut off is left out. Nothing where there is no manifest. Throws IoError for a
// file that is none.
std::optional<Manifest> ReadManifest(const boost::filesystem::path& folder);

// Everything that the folder's manifest says was written there, the manifest, the shared model and
// the report included; nothing where there is no manifest or it cannot be read.
std::vector<std::string> OutputsOfManifest(const boost::filesystem::path& folder);

// A folder's manifest, held by one process alone.
class ManifestFile {
 public:
  enum class Begin {
    kAnew,  // earlier records count no more, but for the names of their outputs
    kGoOn,
  };
  // Throws ParameterError if another run holds it, IoError if it cannot be written.
  ManifestFile(const boost::filesystem::path& folder, Begin begin);

  // Appends one line, all of it or nothing. Throws IoError.
  // From any thread. Names of files are percent-encoded where they are no UTF-8, and so is '%'.
  void Append(const ImageRecord& record);
  void Append(const ModelRecord& record);

 private:
  void AppendLine(std::string line);

  std::string path_;
  std::mutex mutex_;
  FileDescriptor file_;
};

}  // namespace gmmseg
