// Settings as text: two runs whose texts are equal write the same for the same input.
#pragma once

#include <gmmseg/folder_job.h>

#include <string>

#include "base/text.h"

namespace gmmseg {

// Everything that decides a fit, name by name; smoothing is no part of it.
NamedTexts FitSettings(const SegmentOptions& options);
// The same for people: only what was asked for, and hashes left out.
NamedTexts ShownSettings(const SegmentOptions& options);
// What a model that is applied says of itself, and how its classes are smoothed.
NamedTexts ShownSettings(const Model& model, const SmoothOptions& smooth);

// Everything that decides which regions there are.
NamedTexts RegionSettings(const RegionOptions& options);

// FitSettings on one line: "k=4 covariance=full …".
std::string FitSettingsText(const SegmentOptions& options);

// "k=4 there, k=5 here"
std::string SettingsDifference(const std::string& there, const std::string& here);

// Everything that decides what is written for an image, hashed. `model_hash` is of the model that
// images share, or empty.
std::string SettingsHash(const FolderOptions& options, const std::string& model_hash);

// Of what a model file would hold.
std::string HashOf(const Model& model);

}  // namespace gmmseg
