#include "io/candidate_json.h"

namespace gmmseg {

nlohmann::ordered_json CandidatesJson(std::span<const Candidate> candidates) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Candidate& each : candidates)
    list.push_back({{"requested_k", each.requested_components},
                    {"k", each.num_components},
                    {"parameters", each.num_parameters},
                    {"log_likelihood_per_sample", each.log_likelihood},
                    {"entropy_per_sample", each.entropy},
                    {"bic", each.plain.bic},
                    {"aic", each.plain.aic},
                    {"icl", each.plain.icl},
                    {"effective_samples", each.num_effective},
                    {"bic_effective", each.bic_effective},
                    {"icl_effective", each.icl_effective},
                    {"chosen", false}});
  if (!candidates.empty()) list[BestCandidate(candidates)]["chosen"] = true;
  return list;
}

}  // namespace gmmseg
