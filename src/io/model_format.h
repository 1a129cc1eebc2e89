// What the writer and the reader of `photo.gmm.json` must agree on.
#pragma once

#include <gmmseg/model.h>

#include <span>
#include <string>

#include "base/words.h"

namespace gmmseg {

inline constexpr char kModelFormat[] = "gmmseg-model";
inline constexpr int kModelVersion = 1;  // of the format; raised when an old reader would go wrong
inline constexpr Word<ClassOrder> kOrderWords[] = {
    {ClassOrder::kFirstMean, "ascending mean of the first feature"},
    {ClassOrder::kReference, "that of the reference model"},
    {ClassOrder::kScribbles, "that of the scribbles"}};

// What WriteModel writes.
std::string ModelText(const Model& model);

// ReadModel for bytes that are at hand; `path` is for messages.
Model ParseModel(const std::string& path, std::span<const unsigned char> bytes);

}  // namespace gmmseg
