// The model file, `photo.gmm.json`: versioned, readable, complete; the key list stands in
// README.md.
#pragma once

#include <gmmseg/model.h>

#include <string>

namespace gmmseg {

// Writes the same bytes for the same model. Throws IoError if the file cannot be written.
void WriteModel(const std::string& path, const Model& model);

// Throws IoError if the file is missing, is not a model file, is of a newer version, lacks a key or
// breaks a rule of GaussianMixture: the message names the file and the key.
Model ReadModel(const std::string& path);

}  // namespace gmmseg
