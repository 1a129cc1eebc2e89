// The report's files: what they are called, and how they are told from others.
#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>

#include "render/report.h"

namespace gmmseg {

// What a page says it is about: the image of that stem, or a folder.
std::string ReportSubject(const std::string& stem);
inline constexpr char kFolderSubject[] = "folder";

// Whether the file is a report of ours, about that.
bool IsReportOf(const boost::filesystem::path& path, const std::string& subject);
// About anything.
bool IsReport(const boost::filesystem::path& path);

// Whether the environment's SOURCE_DATE_EPOCH asks for files that are the same from run to run.
bool IsReproducible();
// Now, or at that time: "2026-11-21 21:50 UTC". Throws ParameterError where it is no number.
std::string ReportDate();

enum class ModelOrigin { kFittedHere, kApplied };

// These write into `folder`, where the image's other outputs stand already.
// A page about one image.
void WriteImagePage(const boost::filesystem::path& folder, const std::string& stem,
                    const Raster& raster, const Segmentation& segmentation, const JobResult& result,
                    const NamedTexts& settings, ModelOrigin origin,
                    const std::optional<DisplayWindow>& window);
// An image's part of a page that will stand in the folder which `below` leads here from; a model
// that was applied is the page's own.
void WriteImagePart(const boost::filesystem::path& folder, const std::string& stem,
                    const std::string& below, const Raster& raster,
                    const Segmentation& segmentation, const JobResult& result, ModelOrigin origin,
                    const std::optional<DisplayWindow>& window);

}  // namespace gmmseg
