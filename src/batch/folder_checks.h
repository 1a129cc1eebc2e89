// What a folder job must be before any work, and what it asks for.
#pragma once

#include <gmmseg/folder_job.h>

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

namespace gmmseg {

bool Resumes(EarlierRun earlier);
bool WantsReport(const FolderOptions& options);

// The most that an image can get.
int NumClasses(const FolderOptions& options);

// Absolute, without "." and "..": paths that can be compared.
boost::filesystem::path PlainPath(const boost::filesystem::path& path);

// Throws ParameterError for options that contradict one another or the model, for outputs that
// would replace inputs, and for what an earlier run left where this one may not write.
// `shared_names` are the files about a model that the images share.
void CheckFolderJob(const InputList& inputs, const FolderOptions& options,
                    const std::vector<std::string>& shared_names);

}  // namespace gmmseg
