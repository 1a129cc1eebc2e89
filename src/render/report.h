// The report: one page of HTML that shows what was done and whether to trust it. The page itself is
// in render/page; here its data are made.
#pragma once

#include <gmmseg/drift.h>
#include <gmmseg/segment.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "render/preview.h"

namespace gmmseg {

using ReportJson = nlohmann::ordered_json;

// Of one image, what its segmentation does not say.
struct ViewFacts {
  std::string name;
  std::int64_t num_bands = 0;
  std::vector<std::string> warnings;
  std::optional<Drift> drift;
  std::optional<double> match_confidence;
  std::optional<std::int64_t> kmeans_difference;  // pixels
  bool applied = false;  // the model was fitted before, to other images perhaps
  NamedTexts files;      // names and URLs
  std::vector<std::pair<std::string, double>> seconds;  // steps; empty where they are not told
};

// Models the page steps through: so many that neither the page nor memory grows large.
int TraceLength(int num_components, int num_features, PreviewSize size);

enum class PhotoPlace {
  kEmbedded,  // in the view itself
  kBeside,    // a file of its own
};
enum class ModelPlace {
  kView,  // the image's own model
  kPage,  // one that all images of the page share
};
ReportJson ViewJson(const Segmentation& segmentation, const Preview& preview,
                    const ViewFacts& facts, PhotoPlace photo, ModelPlace model);

// A script that hands the view to the page beside it, and how it begins.
inline constexpr char kViewScriptStart[] = "gmmsegReport.show(";
std::string ViewScript(const ReportJson& view);

struct PageFacts {
  std::string title;
  std::string subject;  // what IsReportOf asks for
  std::string date;
  NamedTexts settings;
  std::vector<std::string> warnings;
  const Model* model = nullptr;  // that all images share
  // Of a folder: a row per image, with the members that page/data.js tells.
  std::optional<ReportJson> images;
  ReportJson view;  // of one image
};
std::string ReportPage(const PageFacts& facts);

ReportJson DriftJson(const std::optional<Drift>& drift);

// The text that marks a page about `subject` and stands within its first kReportMarkBytes bytes.
inline constexpr int kReportMarkBytes = 4096;
std::string ReportMark(const std::string& subject);

}  // namespace gmmseg
