#include <gmmseg/errors.h>
#include <gmmseg/region_posteriors.h>

#include <string>
#include <utility>

#include "segment/region_memberships.h"
#include "spatial/region_graph.h"

namespace gmmseg {
namespace {

const MembershipField& FieldOf(const Regions& regions) {
  if (!regions.memberships)
    throw ParameterError(
        "the regions come without memberships; ask for them by RegionOptions::memberships");
  return *regions.memberships;
}

// Sums per region K become P(component | region), and that P(region | component).
void ToShares(const std::vector<RegionEntry>& regions, std::size_t num_classes,
              std::vector<float>& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] /= static_cast<float>(regions[i / num_classes].area);
  std::vector<double> totals(num_classes);
  for (std::size_t i = 0; i < sums.size(); ++i) totals[i % num_classes] += sums[i];
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (const double total = totals[i % num_classes]; total > 0)
      sums[i] = static_cast<float>(sums[i] / total);
}

}  // namespace

RegionPosteriors::RegionPosteriors(const Regions& regions)
    : regions_(regions), factor_(kMembershipFactor * regions.reduction) {
  const MembershipField& field = FieldOf(regions);
  shares_ = SumMemberships(regions.labels, static_cast<std::uint32_t>(regions.num_regions()),
                           regions.width, field, factor_);
  ToShares(regions.table, field.planes.size(), shares_);
  weights_ = Enlarged(field.weight, factor_, regions.width, regions.height).values;
}

std::vector<float> RegionPosteriors::Of(std::uint32_t region) const {
  if (region < 1 || region > regions_.num_regions())
    throw ParameterError("region " + std::to_string(region) + "; must lie within 1 to " +
                         std::to_string(regions_.num_regions()));
  const MembershipField& field = FieldOf(regions_);
  const std::size_t num_classes = field.planes.size();
  Plane held(field.width(), field.height());
  for (std::size_t k = 0; k < num_classes; ++k)
    if (const float share = shares_[(region - 1) * num_classes + k]; share > 0)
      for (std::int64_t i = 0; i < held.size(); ++i)
        held.values[i] += share * field.planes[k].values[i];
  // Memberships are shares times weight.
  const Plane numerators = Enlarged(held, factor_, regions_.width, regions_.height);
  std::vector<float> posteriors(regions_.labels.size());
  for (std::size_t i = 0; i < posteriors.size(); ++i)
    if (regions_.labels[i] > 0) posteriors[i] = numerators.values[i] / weights_[i];
  return posteriors;
}

}  // namespace gmmseg
