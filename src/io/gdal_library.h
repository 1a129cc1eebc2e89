// Between GDAL and C++: handles that close themselves, and errors that become exceptions. GDAL's
// own error handlers print; here none does.
#pragma once

#include <gdal.h>
#include <gmmseg/errors.h>
#include <gmmseg/georeference.h>
#include <gmmseg/raster.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gmmseg {

// Keeps GDAL's messages of the calling thread while it lives.
class GdalMessages {
 public:
  GdalMessages();  // registers GDAL's drivers at the first time
  ~GdalMessages();
  GdalMessages(const GdalMessages&) = delete;
  GdalMessages& operator=(const GdalMessages&) = delete;

  // The first that was an error, on one line; "unknown cause" where there was none.
  std::string cause() const;
  bool HasError() const { return !error_.empty(); }

 private:
  static void Keep(CPLErr kind, CPLErrorNum number, const char* message);

  std::string error_;
};

struct GdalClose {
  void operator()(GDALDatasetH dataset) const { GDALClose(dataset); }
};
using GdalDataset = std::unique_ptr<void, GdalClose>;

// "NAME=value" strings as GDAL takes them.
class GdalOptions {
 public:
  GdalOptions() = default;
  explicit GdalOptions(const std::vector<std::pair<std::string, std::string>>& options);
  ~GdalOptions();
  GdalOptions(const GdalOptions&) = delete;
  GdalOptions& operator=(const GdalOptions&) = delete;

  void Set(const std::string& name, const std::string& value);
  char** get() const { return list_; }

 private:
  char** list_ = nullptr;
};

GDALDataType GdalTypeOf(SampleType type);

Georeference GeoreferenceOf(GDALDatasetH dataset);
void WriteGeoreference(GDALDatasetH dataset, const Georeference& georeference);

}  // namespace gmmseg
