#include <gmmseg/sample_job.h>

#include "batch/file_target.h"
#include "io/points_csv.h"
#include "mixture/sampling.h"

namespace gmmseg {

void RunSampleJob(const Model& model, std::int64_t n, std::uint64_t seed, const std::string& path,
                  ExistingOutputs existing) {
  CheckSampling(model.mixture(), n);
  const FileTarget target(path, existing);
  target.Write([&](StagedFile& file) {
    WritePointsCsv(model, n, seed, [&file](const std::string& text) { file.Write(text); });
  });
}

}  // namespace gmmseg
