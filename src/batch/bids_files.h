// The files that BIDS wants beside volumes.
#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

namespace gmmseg {

// How the facts beside a volume of ours begin.
inline constexpr char kBidsFactsStart[] = "{\n  \"Description\": \"Made by gmmseg";

// Of labels, masks and probabilities, those that are asked for: what they were made from and by,
// and of labels the table of classes, too. `sources` are names without folders.
void WriteBidsFiles(const boost::filesystem::path& folder, const std::string& stem,
                    const std::vector<std::string>& sources, const Segmentation& segmentation,
                    const OutputSet& outputs);

// Says in the folder that it holds derivatives, and whose; one that is there stays. Whether it was
// written.
bool WriteDatasetDescription(const boost::filesystem::path& folder);

}  // namespace gmmseg
