#include "batch/folder_page.h"

#include <algorithm>
#include <boost/filesystem/operations.hpp>

#include "batch/job_settings.h"
#include "batch/output_names.h"
#include "batch/report_files.h"
#include "io/staged_file.h"
#include "render/encoding.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// What the page finds the image's view and photo by, or nothing.
std::string PartOf(const ImageRecord& record) {
  const std::string end = ReportPartNamesOf("").view;
  for (const std::string& output : record.outputs)
    if (output.ends_with(end)) return UrlOf(output.substr(0, output.rfind('.')));
  return "";
}

// Of a model of the image's own.
ReportJson ColorsOf(const ImageRecord& record, const ClassNames& names) {
  ClassTable classes;
  for (int k = 1; k <= std::ssize(record.shares); ++k)
    classes.push_back({k, {}, ClassColor(k), 0, 0, {}});
  NameClasses(classes, names);
  ReportJson colors = ReportJson::array();
  for (const ClassEntry& entry : classes) colors.push_back(ToHex(entry.color));
  return colors;
}

ReportJson Row(const ImageRecord& record, const FolderOptions& options) {
  const bool done = record.status == ImageStatus::kDone;
  const bool has_data = std::ranges::any_of(record.shares, [](double share) { return share > 0; });
  ReportJson row = {{"name", record.input},
                    {"status", done ? "done" : "failed"},
                    {"message", record.message},
                    {"warnings", record.warnings}};
  row["seconds"] = IsReproducible() ? ReportJson() : ReportJson(record.seconds);
  row["log_likelihood"] = done && has_data ? ReportJson(record.log_likelihood) : ReportJson();
  row["shares"] = record.shares;
  row["colors"] = options.source == ModelSource::kSeparate
                      ? ColorsOf(record, options.segment.class_names)
                      : ReportJson();
  row["drift"] = DriftJson(record.drift);
  row["match_confidence"] =
      record.match_confidence ? ReportJson(*record.match_confidence) : ReportJson();
  row["base"] = done ? PartOf(record) : "";
  return row;
}

const char* NameOf(ModelSource source) {
  switch (source) {
    case ModelSource::kShared:
      return "one for all images";
    case ModelSource::kGiven:
      return "given";
    case ModelSource::kMatched:
      return "one for each image, classes matched to a reference";
    case ModelSource::kSeparate:
      break;
  }
  return "one for each image";
}

}  // namespace

void WriteFolderPage(const fs::path& top, const Manifest& manifest, const FolderOptions& options,
                     const Model* model, const std::vector<std::string>& warnings) {
  PageFacts page;
  page.title = fs::absolute(top).lexically_normal().filename().string();
  page.subject = kFolderSubject;
  page.date = ReportDate();
  page.settings = options.source == ModelSource::kGiven ? SettingsOf(*options.model)
                                                        : FitSettings(options.segment);
  page.settings.emplace_back("model", NameOf(options.source));
  page.warnings = warnings;
  page.model = model;
  page.images = ReportJson::array();
  for (const auto& [name, record] : manifest.images) page.images->push_back(Row(record, options));
  StagedFile file((top / kReportName).string());
  file.Write(ReportPage(page));
  file.Commit();
}

}  // namespace gmmseg
