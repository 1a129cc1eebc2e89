// Smoothing: neighbouring pixels have a say in each other's class.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gmmseg {

enum class SmoothMethod {
  kOff,
  kAuto,    // kGuided
  kGuided,  // posteriors follow the edges of the image (He, Sun, Tang 2013)
  kPotts,   // neighbours want the same class, less so across edges (Boykov, Jolly 2001); mean field
};
// "off", "auto", "guided", "potts". ParseSmoothMethod throws ParameterError for any other word.
std::string_view ToString(SmoothMethod method);
SmoothMethod ParseSmoothMethod(std::string_view word);

struct SmoothOptions {
  SmoothMethod method = SmoothMethod::kOff;

  // Of kPotts. A pixel i has the unary term -temper · log p_i(k), p the mixture's posterior; a pair
  // of 4-neighbours (6 in volumes) beta · exp(-|g_i - g_j|² / 2s²) where their classes differ, g
  // the colour features.
  std::optional<double> beta;    // > 0; empty: by the labels' pseudo-likelihood (Besag 1975)
  std::optional<double> temper;  // 0…1, 0 excluded; empty: n_eff / n, see EffectiveSamples, since
                                 // neighbouring pixels say much the same of their class
  std::optional<double> contrast;  // s², >= 0, 0: no edges; empty: the mean of |g_i - g_j|² over
                                   // all pairs
  int max_sweeps = 10;             // of mean field, >= 1
  double tolerance = 1e-3;  // of the energy per pixel: stops when a sweep lowers it by less, >= 0,
                            // 0: never

  // Of kGuided.
  int radius = 8;         // of the windows, pixels, >= 1
  double epsilon = 1e-3;  // > 0; edges of the guide, which is about 0…1, of less variance go
  int subsampling = 4;    // 1, 2 or 4, at most the radius: windows are fitted on means over so
                          // many pixels squared

  // Connected pieces (4-neighbours; 6 in volumes) of a class of fewer pixels are given to the
  // class with which they share the longest border, also where nothing is smoothed; those without a
  // neighbour, alone among pixels without data, stay. 0 or 1: none.
  std::int64_t min_size = 0;

  bool Smooths() const { return method != SmoothMethod::kOff; }
  bool IsOff() const { return !Smooths() && min_size <= 1; }
  bool operator==(const SmoothOptions&) const = default;
};

// Throws ParameterError for options out of range.
void Validate(const SmoothOptions& options);

// Classes' posteriors after smoothing, made where they are asked for.
class SmoothPosteriors {
 public:
  virtual ~SmoothPosteriors() = default;
  // P(class | all pixels) of pixels first…first+count-1, row-major: class k of pixel first + i,
  // both from 0, at values[k · stride + i], 0 where no data. From several threads at a time.
  virtual void Evaluate(std::int64_t first, std::int64_t count, float* values,
                        std::int64_t stride) const = 0;
};

// What was done.
struct Smoothing {
  SmoothMethod method = SmoothMethod::kOff;   // kGuided or kPotts; kOff where nothing was to smooth
  double beta = 0, temper = 0, contrast = 0;  // of kPotts: as given, or as estimated
  int num_sweeps = 0;                         // of kPotts
  // Of kPotts: per pixel, at the start and after each sweep; none of an image that was smoothed
  // part by part.
  std::vector<double> energies;
  std::int64_t pieces_moved = 0, pixels_moved = 0;  // of min_size: those that changed their class
  double seconds = 0;                               // for smoothing and pieces

  bool IsSmooth() const { return method != SmoothMethod::kOff; }
};

}  // namespace gmmseg
