#include "batch/manifest.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/words.h"
#include "batch/output_names.h"
#include "io/file_bytes.h"
#include "io/json_text.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr char kFormat[] = "gmmseg-manifest";
constexpr int kVersion = 1;
constexpr Word<ImageStatus> kStatusWords[] = {{ImageStatus::kWriting, "writing"},
                                              {ImageStatus::kDone, "done"},
                                              {ImageStatus::kFailed, "failed"}};
constexpr char kStartedOver[] = "started_over";

std::string EncodeName(const std::string& name) {
  const bool utf8 = IsUtf8(name);
  std::string encoded;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    char escape[4];
    std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned>(byte));
    encoded += c == '%' || (!utf8 && byte >= 0x80) ? std::string(escape) : std::string(1, c);
  }
  return encoded;
}

std::string DecodeName(const std::string& encoded) {
  std::string name;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    unsigned byte = 0;
    const char* const digits = encoded.data() + i + 1;
    if (encoded[i] == '%' && i + 2 < encoded.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      name += static_cast<char>(byte);
      i += 2;
    } else {
      name += encoded[i];
    }
  }
  return name;
}

Json ToJson(const ImageRecord& record) {
  Json outputs = Json::array();
  for (const std::string& output : record.outputs) outputs.push_back(EncodeName(output));
  Json json = {{"input", EncodeName(record.input)},
               {"hash", record.hash},
               {"settings", record.settings},
               {"status", ToWord(record.status, kStatusWords)},
               {"outputs", outputs},
               {"seconds", record.seconds},
               {"message", EncodeName(record.message)}};
  if (record.status != ImageStatus::kDone) return json;
  json["output_bytes"] = record.output_bytes;
  json["warnings"] = record.warnings;
  json["all_components"] = record.all_components;
  if (record.num_regions) {
    json["regions"] = *record.num_regions;
    return json;
  }
  json["log_likelihood_per_pixel"] = record.log_likelihood;
  json["shares"] = record.shares;
  json["converged"] = record.converged;
  if (record.drift)
    json["drift"] = {{"unlikely_pixels", record.drift->unlikely_pixels},
                     {"share_distance", record.drift->share_distance},
                     {"flagged", record.drift->flagged()}};
  if (record.match_confidence) json["match_confidence"] = *record.match_confidence;
  return json;
}

ImageRecord FromJson(const Json& json) {
  ImageRecord record;
  record.input = DecodeName(json.at("input").get<std::string>());
  record.hash = json.at("hash").get<std::string>();
  record.settings = json.at("settings").get<std::string>();
  record.status = FromWord(json.at("status").get<std::string>(), kStatusWords, "status");
  for (const Json& output : json.at("outputs"))
    record.outputs.push_back(DecodeName(output.get<std::string>()));
  record.seconds = json.at("seconds").get<double>();
  record.message = DecodeName(json.at("message").get<std::string>());
  if (record.status != ImageStatus::kDone) return record;
  record.output_bytes = json.at("output_bytes").get<std::vector<std::uint64_t>>();
  record.all_components = json.at("all_components").get<bool>();
  record.warnings = json.value("warnings", record.warnings);
  if (json.contains("regions")) {
    record.num_regions = json["regions"].get<std::int64_t>();
    return record;
  }
  record.log_likelihood = json.at("log_likelihood_per_pixel").get<double>();
  record.shares = json.at("shares").get<std::vector<double>>();
  record.converged = json.at("converged").get<bool>();
  if (json.contains("drift"))
    record.drift = Drift{json["drift"].at("unlikely_pixels").get<double>(),
                         json["drift"].at("share_distance").get<double>()};
  if (json.contains("match_confidence"))
    record.match_confidence = json["match_confidence"].get<double>();
  return record;
}

void Read(const Json& line, Manifest& manifest) {
  if (line.contains(kStartedOver)) {
    manifest.images.clear();
    manifest.models.clear();
  } else if (line.contains("model")) {
    manifest.models.push_back({line.at("hash").get<std::string>(),
                               line.at("settings").get<std::string>(),
                               line.value("warnings", std::vector<std::string>())});
  } else {
    ImageRecord record = FromJson(line);
    manifest.outputs.insert(record.outputs.begin(), record.outputs.end());
    manifest.images[record.input] = std::move(record);
  }
}

[[noreturn]] void ThrowUnknown(const std::string& path) {
  throw IoError(IoError::Operation::kRead,
                path +
                    ": is no manifest of this program; move it away, or choose another "
                    "output folder");
}

// Whole lines; what follows the last end of line was cut off.
std::vector<std::string> WholeLines(const std::vector<unsigned char>& bytes) {
  std::vector<std::string> lines(1);
  for (const unsigned char byte : bytes)
    if (byte == '\n')
      lines.emplace_back();
    else
      lines.back() += static_cast<char>(byte);
  lines.pop_back();
  return lines;
}

void CheckHeader(const std::string& path, const std::string& line) {
  const Json header = Json::parse(line, nullptr, false);
  if (!header.is_object() || header.value("format", "") != kFormat) ThrowUnknown(path);
  if (header.value("version", 0) > kVersion)
    throw IoError(IoError::Operation::kRead,
                  path + ": was written by a newer version of this program; use that one");
}

std::string PathIn(const fs::path& folder) { return (folder / kManifestName).string(); }

[[noreturn]] void ThrowCannotWrite(const std::string& path, int cause) {
  throw IoError(IoError::Operation::kWrite, path + ": cannot write (" + std::strerror(cause) + ")");
}

// Where the last whole line ends.
off_t EndOfLines(int file, off_t size) {
  char last = 0;
  while (size > 0 && (pread(file, &last, 1, size - 1) != 1 || last != '\n')) --size;
  return size;
}

}  // namespace

std::string LineOf(const ImageRecord& record) {
  return ToJson(record).dump(-1, ' ', false, Json::error_handler_t::replace);
}

ImageRecord RecordOfLine(const std::string& line) { return FromJson(Json::parse(line)); }

std::optional<Manifest> ReadManifest(const fs::path& folder) {
  const std::string path = PathIn(folder);
  boost::system::error_code missing;
  const std::uintmax_t size = fs::file_size(path, missing);
  if (missing) return std::nullopt;
  Manifest manifest;
  if (size == 0) return manifest;
  const std::vector<std::string> lines = WholeLines(ReadFileBytes(path, "a manifest"));
  if (lines.empty()) return manifest;
  CheckHeader(path, lines.front());
  for (auto line = lines.begin() + 1; line != lines.end(); ++line) try {
      Read(Json::parse(*line), manifest);
    } catch (const std::exception&) {
      ThrowUnknown(path);
    }
  return manifest;
}

std::vector<std::string> OutputsOfManifest(const fs::path& folder) {
  boost::system::error_code missing;
  if (!fs::is_regular_file(PathIn(folder), missing)) return {};
  std::vector<std::string> outputs = {kManifestName, kSharedModelName, kSharedPictureName,
                                      kReportName};
  try {
    const Manifest manifest = ReadManifest(folder).value_or(Manifest());
    outputs.insert(outputs.end(), manifest.outputs.begin(), manifest.outputs.end());
  } catch (const IoError&) {
    return {};
  }
  return outputs;
}

ManifestFile::ManifestFile(const fs::path& folder, Begin begin)
    : path_(PathIn(folder)), file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_.get() < 0) ThrowCannotWrite(path_, errno);
  if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0)
    throw ParameterError(path_ +
                         ": another run is writing into this folder; wait for it, or choose "
                         "another output folder");
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) ThrowCannotWrite(path_, errno);
  const off_t end = EndOfLines(file_.get(), status.st_size);
  if (ftruncate(file_.get(), end) != 0) ThrowCannotWrite(path_, errno);
  if (end == 0)
    AppendLine(
        Json{{"format", kFormat}, {"version", kVersion}, {"program", GMMSEG_VERSION}}.dump());
  else if (begin == Begin::kAnew)
    AppendLine(Json{{kStartedOver, true}}.dump());
}

void ManifestFile::Append(const ImageRecord& record) { AppendLine(LineOf(record)); }

void ManifestFile::Append(const ModelRecord& record) {
  AppendLine(Json{{"model", kSharedModelName},
                  {"hash", record.hash},
                  {"settings", record.settings},
                  {"warnings", record.warnings}}
                 .dump());
}

void ManifestFile::AppendLine(std::string line) {
  line += '\n';
  const std::lock_guard lock(mutex_);
  const off_t end = lseek(file_.get(), 0, SEEK_END);
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count = ::write(file_.get(), line.data() + done, line.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      const int cause = errno;
      [[maybe_unused]] const int cut = ftruncate(file_.get(), end);
      ThrowCannotWrite(path_, cause);
    }
  }
}

}  // namespace gmmseg
