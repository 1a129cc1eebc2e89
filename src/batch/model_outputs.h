// Outputs that not every model can give.
#pragma once

#include <gmmseg/job.h>

namespace gmmseg {

// Before any work. Throws ParameterError where an output of regions is asked for, or one of
// DensityOutputs is asked of a model with these features that is tempered, or kImputed of one that
// skips pixels with missing values, or the anomaly rate does not lie between 0 and 1.
void CheckModelOutputs(const OutputOptions& output, const FeatureSpec& features);

// Throws ParameterError for a display window or slices that cannot be.
void CheckPictureOptions(const OutputOptions& output);

// What a model that is applied cannot give: what tells of its fit, and anomalies where it does not
// know its training pixels.
OutputSet ImpossibleOutputs(const Model& applied, double anomaly_rate);

// The same of a model that is applied, which for anomalies must also know its training pixels.
void CheckModelOutputs(const OutputOptions& output, const Model& model);

}  // namespace gmmseg
