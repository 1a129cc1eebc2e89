#include "batch/report_files.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <system_error>

#include "batch/output_names.h"
#include "io/file_bytes.h"
#include "io/staged_file.h"
#include "render/encoding.h"
#include "render/preview.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// So that those of a thousand images are 40 MB at most.
constexpr std::size_t kMostThumbnailBytes = 40'000;

constexpr char kDateVariable[] = "SOURCE_DATE_EPOCH";

// Null where there is none; an empty variable counts as none.
const char* GivenDate() {
  const char* const given = std::getenv(kDateVariable);
  return given != nullptr && *given != '\0' ? given : nullptr;
}

NamedTexts LinksTo(const fs::path& folder, const std::string& below) {
  NamedTexts links;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    links.emplace_back(name, UrlOf((fs::path(below) / name).string()));
  }
  std::ranges::sort(links);
  return links;
}

ViewFacts FactsOf(const JobResult& result) {
  ViewFacts facts;
  facts.name = NameOf(result.input);
  facts.num_bands = result.num_bands;
  facts.warnings = result.warnings;
  facts.drift = result.drift;
  facts.match_confidence = result.match_confidence;
  facts.kmeans_difference = result.kmeans_difference;
  return facts;
}

}  // namespace

std::string ReportSubject(const std::string& stem) { return "image " + stem; }

bool IsReportOf(const fs::path& path, const std::string& subject) {
  return FileHolds(path.string(), ReportMark(subject), kReportMarkBytes);
}

bool IsReport(const fs::path& path) {
  std::string mark = ReportMark("");
  mark.pop_back();
  return FileHolds(path.string(), mark, kReportMarkBytes);
}

bool IsReproducible() { return GivenDate() != nullptr; }

std::string ReportDate() {
  std::time_t seconds = std::time(nullptr);
  if (const char* const given = GivenDate()) {
    const char* const end = given + std::strlen(given);
    const auto [stop, error] = std::from_chars(given, end, seconds);
    if (error != std::errc() || stop != end || seconds < 0)
      throw ParameterError(std::string(kDateVariable) + " = \"" + given +
                           "\"; must be a whole number of seconds since 1970");
  }
  std::tm parts{};
  char text[64];
  if (gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0)
    throw ParameterError(std::string(kDateVariable) + " = " + std::to_string(seconds) +
                         "; is no date");
  return text;
}

void WriteImagePage(const fs::path& folder, const std::string& stem, const Raster& raster,
                    const Segmentation& segmentation, const JobResult& result,
                    const NamedTexts& settings, ModelOrigin origin,
                    const std::optional<DisplayWindow>& window) {
  const Preview preview = MakePreview(raster, segmentation, kPreviewOfOne, window);
  ViewFacts facts = FactsOf(result);
  facts.applied = origin == ModelOrigin::kApplied;
  facts.files = LinksTo(folder, "");
  if (!IsReproducible())
    facts.seconds = {{"read", result.seconds.read},
                     {"features", result.seconds.features},
                     {"fit", result.seconds.fit},
                     {"labels", result.seconds.labels}};
  PageFacts page;
  page.title = facts.name;
  page.subject = ReportSubject(stem);
  page.date = ReportDate();
  page.settings = settings;
  page.view = ViewJson(segmentation, preview, facts, PhotoPlace::kEmbedded, ModelPlace::kView);
  WriteStagedFile((folder / kReportName).string(), ReportPage(page));
}

void WriteImagePart(const fs::path& folder, const std::string& stem, const std::string& below,
                    const Raster& raster, const Segmentation& segmentation, const JobResult& result,
                    ModelOrigin origin, const std::optional<DisplayWindow>& window) {
  const Preview preview = MakePreview(raster, segmentation, kPreviewOfMany, window);
  ViewFacts facts = FactsOf(result);
  facts.applied = origin == ModelOrigin::kApplied;
  facts.files = LinksTo(folder, below);
  const ReportPartNames names = ReportPartNamesOf(stem);
  const std::vector<std::uint8_t> photo =
      JpegOf(preview.picture, preview.width, preview.height, kMostThumbnailBytes);
  WriteStagedFile((folder / names.photo).string(),
                  {reinterpret_cast<const char*>(photo.data()), photo.size()});
  WriteStagedFile((folder / names.view).string(),
                  ViewScript(ViewJson(segmentation, preview, facts, PhotoPlace::kBeside,
                                      facts.applied ? ModelPlace::kPage : ModelPlace::kView)));
}

}  // namespace gmmseg
