// What the program says of a run over many images.
#pragma once

#include <gmmseg/folder_job.h>

#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

// Of an image that was done now: "photo.jpg: shares 41.2 30.1 18.4 10.3 %, 0.04 s"
std::string ImageLine(const ImageReport& report);

// What was done to the image: a fit of its own, or a model applied.
Command CommandOn(const ImageReport& report);

// Of the list of inputs: "left out: 3 files that are no images, 1 hidden"; empty if nothing was.
std::string SkippedLine(const SkippedFiles& skipped);

// "500 images: 478 done, 20 kept from an earlier run, 2 failed; 14.2 s, 35 per second -> out/"
std::string SummaryLine(const FolderResult& result, const std::string& directory);

// For --verbose: one fact per line.
std::vector<std::string> FolderDetails(const FolderResult& result);

// "12 images would be written: 84 files; …"
std::string PlanLine(const FolderPlan& plan, const Options& options);

// The bar: "[=====>    ] 123 of 500, 31.2 per s, 12 s left, labelling".
std::string BarText(const FolderProgress& progress, double seconds);
// The same for a log: "50 of 500 images, 31.2 per s, 14 s left, labelling".
std::string LogText(const FolderProgress& progress, double seconds);

}  // namespace gmmseg::cli
