#include "batch/folder_page.h"

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <cmath>

#include "batch/job_settings.h"
#include "batch/output_names.h"
#include "batch/report_files.h"
#include "io/staged_file.h"
#include "render/encoding.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

using Json = ReportJson;

// What the page finds the image's view and photo by, or nothing.
std::string PartOf(const ImageRecord& record) {
  const std::string end = ReportPartNamesOf("").view;
  for (const std::string& output : record.outputs)
    if (output.ends_with(end)) return UrlOf(output.substr(0, output.rfind('.')));
  return "";
}

// Of a model of the image's own.
Json ColorsOf(const ImageRecord& record, const ClassNames& names) {
  ClassTable classes;
  for (int k = 1; k <= std::ssize(record.shares); ++k)
    classes.push_back({k, {}, ClassColor(k), 0, 0, {}});
  NameClasses(classes, names);
  Json colors = Json::array();
  for (const ClassEntry& entry : classes) colors.push_back(ToHex(entry.color));
  return colors;
}

// What a table shows of a share.
Json SharesOf(const ImageRecord& record) {
  constexpr double kStep = 1e-5;
  Json shares = Json::array();
  for (const double share : record.shares) shares.push_back(std::round(share / kStep) * kStep);
  return shares;
}

const char* StatusOf(const ImageRecord& record) {
  switch (record.status) {
    case ImageStatus::kDone:
      return "done";
    case ImageStatus::kFailed:
      return "failed";
    case ImageStatus::kWriting:
      break;
  }
  return "unfinished";
}

Json EmptyRow(const std::string& name, const std::string& status) {
  return {{"name", name},
          {"status", status},
          {"message", ""},
          {"warnings", Json::array()},
          {"seconds", Json()},
          {"log_likelihood", Json()},
          {"shares", Json::array()},
          {"colors", Json()},
          {"drift", Json()},
          {"match_confidence", Json()},
          {"base", ""}};
}

// An image of an earlier run with other settings has nothing that this page could show rightly.
Json Row(const ImageRecord& record, const FolderPage& facts) {
  Json row = EmptyRow(record.input, StatusOf(record));
  row["message"] = record.message;
  row["warnings"] = record.warnings;
  if (record.settings != facts.settings) {
    row["status"] = "earlier";
    row["warnings"].push_back(
        "of an earlier run with other settings, which this page does not show");
    return row;
  }
  if (!IsReproducible()) row["seconds"] = record.seconds;
  if (record.status != ImageStatus::kDone) return row;
  if (std::ranges::any_of(record.shares, [](double share) { return share > 0; }))
    row["log_likelihood"] = record.log_likelihood;
  row["shares"] = SharesOf(record);
  if (facts.options.source == ModelSource::kSeparate)
    row["colors"] = ColorsOf(record, facts.options.segment.class_names);
  row["drift"] = DriftJson(record.drift);
  if (record.match_confidence) row["match_confidence"] = *record.match_confidence;
  row["base"] = PartOf(record);
  return row;
}

Json Rows(const FolderPage& facts) {
  Json rows = Json::array();
  for (const auto& [name, record] : facts.manifest.images) rows.push_back(Row(record, facts));
  for (const InputFile& file : facts.inputs.files)
    if (!facts.manifest.images.contains(file.name))
      rows.push_back(EmptyRow(file.name, "not tried"));
  return rows;
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

void WriteFolderPage(const fs::path& top, const FolderPage& facts) {
  const FolderOptions& options = facts.options;
  PageFacts page;
  page.title = fs::absolute(top).lexically_normal().filename().string();
  page.subject = kFolderSubject;
  page.date = ReportDate();
  page.settings = options.source == ModelSource::kGiven
                      ? ShownSettings(*options.model, options.segment.smooth)
                      : ShownSettings(options.segment);
  page.settings.emplace_back("model", NameOf(options.source));
  page.warnings = facts.warnings;
  page.model = facts.model;
  page.images = Rows(facts);
  WriteStagedFile((top / kReportName).string(), ReportPage(page));
}

}  // namespace gmmseg
