// What the writer and the reader of `photo.gmm.json` must agree on.
#pragma once

namespace gmmseg {

inline constexpr char kModelFormat[] = "gmmseg-model";
inline constexpr int kModelVersion = 1;  // of the format; raised when an old reader would go wrong
inline constexpr char kModelOrder[] = "ascending mean of the first feature";

}  // namespace gmmseg
