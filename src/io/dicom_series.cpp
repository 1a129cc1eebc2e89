#include "io/dicom_series.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/text.h"

namespace gmmseg {
namespace {

using Vector = std::array<double, 3>;

Vector Times(const Vector& v, double factor) {
  return {v[0] * factor, v[1] * factor, v[2] * factor};
}

double Dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector Cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double Length(const Vector& v) { return std::sqrt(Dot(v, v)); }

Vector NormalOf(const DicomFacts& facts) { return Cross(facts.along_row, facts.along_column); }

// DICOM's x and y run to the left and to the back, RAS+ has them the other way.
VolumeGeometry GeometryOf(const DicomFacts& facts, const Vector& step) {
  const Vector columns[] = {Times(facts.along_row, facts.spacing[0]),
                            Times(facts.along_column, facts.spacing[1]), step, facts.position};
  VolumeGeometry geometry;
  for (int axis = 0; axis < 3; ++axis) geometry.spacing[axis] = Length(columns[axis]);
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c)
      geometry.to_world[r][c] = (r == 2 ? 1 : -1) * columns[c][r] + 0.0;  // no -0
  return geometry;
}

[[noreturn]] void Refuse(const std::string& folder, const std::string& what) {
  throw IoError(IoError::Operation::kRead, folder + ": " + what);
}

bool IsNear(double a, double b) { return std::abs(a - b) <= 1e-3; }

template <std::size_t N>
bool IsNear(const std::array<double, N>& a, const std::array<double, N>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return IsNear(x, y); });
}

std::string SeriesText(const std::vector<DicomSlice>& slices) {
  std::map<std::uint64_t, std::int64_t> counts;
  for (const DicomSlice& slice : slices) ++counts[slice.facts.series];
  constexpr int kShown = 10;
  std::string text;
  int shown = 0;
  for (const DicomSlice& slice : slices) {
    const std::int64_t count = std::exchange(counts[slice.facts.series], 0);
    if (count == 0) continue;
    if (++shown > kShown) return text + ", …";
    text += (text.empty() ? "" : ", ") + Count(count, "slice", "slices") + " with " +
            slice.path.substr(slice.path.rfind('/') + 1);
  }
  return text;
}

void CheckOneSeries(const std::string& folder, const std::vector<DicomSlice>& slices) {
  const DicomFacts& first = slices.front().facts;
  for (const DicomSlice& slice : slices)
    if (slice.facts.patient != first.patient)
      Refuse(folder, "holds slices of more than one patient (" + slices.front().path + ", " +
                         slice.path + "); give each a folder of its own");
  for (const DicomSlice& slice : slices)
    if (slice.facts.series != first.series)
      Refuse(folder, "holds several DICOM series (" + SeriesText(slices) +
                         "); give each a folder of its own");
}

void CheckAlike(const std::string& folder, const DicomSlice& first, const DicomSlice& other) {
  const auto differ = [&](const std::string& what) {
    Refuse(folder, first.path + " and " + other.path + " are of one series and " + what +
                       "; give slices of one volume");
  };
  const DicomFacts &a = first.facts, &b = other.facts;
  if (b.num_frames != 1) differ("the one has several frames");
  if (!b.has_position || !b.has_orientation) differ("the one does not say where it lies");
  if (a.width != b.width || a.height != b.height)
    differ(Format("differ in size, %lld x %lld and %lld x %lld pixels",
                  static_cast<long long>(a.width), static_cast<long long>(a.height),
                  static_cast<long long>(b.width), static_cast<long long>(b.height)));
  if (a.samples() != b.samples()) differ("differ in colour");
  if (!IsNear(a.spacing, b.spacing))
    differ(Format("differ in spacing, %g x %g and %g x %g mm", a.spacing[0], a.spacing[1],
                  b.spacing[0], b.spacing[1]));
  if (!IsNear(a.along_row, b.along_row) || !IsNear(a.along_column, b.along_column))
    differ("differ in orientation");
}

// Distances are even up to what is rounded in the files.
void CheckSteps(const std::string& folder, const std::vector<DicomSlice>& slices,
                const std::vector<double>& places) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < places.size(); ++i) steps.push_back(places[i] - places[i - 1]);
  std::vector<double> sorted = steps;
  std::ranges::sort(sorted);
  const double usual = sorted[sorted.size() / 2];
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] <= 0.01 * usual || steps[i] <= 1e-4)
      Refuse(folder, slices[i].path + " and " + slices[i + 1].path +
                         Format(" lie in one place, at %g mm along the normal of the slices; leave "
                                "one of them",
                                places[i]));
    if (std::abs(steps[i] - usual) > std::max(0.01 * usual, 1e-3))
      Refuse(folder,
             Format("its slices are not evenly apart: %g mm in the middle, and from %g to %g mm "
                    "between ",
                    usual, places[i], places[i + 1]) +
                 slices[i].path + " and " + slices[i + 1].path +
                 "; give all slices of the volume, or those that are evenly apart");
  }
}

}  // namespace

VolumeGeometry GeometryOf(const DicomFacts& facts) {
  return GeometryOf(facts,
                    facts.has_step ? facts.step : Times(NormalOf(facts), facts.slice_spacing));
}

bool IsSeries(const std::vector<DicomSlice>& slices) {
  std::map<std::uint64_t, int> counts;
  return std::ranges::any_of(slices, [&](const DicomSlice& slice) {
    const DicomFacts& facts = slice.facts;
    const bool is_slice = facts.num_frames == 1 && facts.has_position && facts.has_orientation;
    return is_slice && ++counts[facts.series] > 1;
  });
}

OrderedSlices OrderSlices(const std::string& folder, std::vector<DicomSlice> slices) {
  CheckOneSeries(folder, slices);
  for (const DicomSlice& slice : slices) CheckAlike(folder, slices.front(), slice);
  const Vector normal = NormalOf(slices.front().facts);
  const auto place = [&](const DicomSlice& slice) { return Dot(slice.facts.position, normal); };
  std::ranges::stable_sort(slices, {}, place);
  std::vector<double> places;
  for (const DicomSlice& slice : slices) places.push_back(place(slice));
  CheckSteps(folder, slices, places);
  const DicomFacts &first = slices.front().facts, &last = slices.back().facts;
  Vector step{};
  for (int axis = 0; axis < 3; ++axis)
    step[axis] =
        (last.position[axis] - first.position[axis]) / static_cast<double>(slices.size() - 1);
  return {std::move(slices), GeometryOf(first, step)};
}

}  // namespace gmmseg
