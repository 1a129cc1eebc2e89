#include "io/gdal_library.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <ogr_srs_api.h>

#include <algorithm>
#include <array>

#include "io/map_reader.h"

namespace gmmseg {
namespace {

using SpatialReference = std::unique_ptr<void, decltype(&OSRRelease)>;

std::vector<std::pair<std::string, std::string>> Pairs(char** list) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (; list && *list; ++list) {
    const std::string text = *list;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos)
      pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

std::string WktOf(OGRSpatialReferenceH reference) {
  if (!reference) return "";
  GdalOptions options;
  options.Set("FORMAT", "WKT2_2019");
  char* text = nullptr;
  std::string wkt;
  if (OSRExportToWktEx(reference, &text, options.get()) == OGRERR_NONE && text) wkt = text;
  CPLFree(text);
  return wkt;
}

SpatialReference ReferenceOf(const std::string& wkt) {
  if (wkt.empty()) return {nullptr, &OSRRelease};
  SpatialReference reference(OSRNewSpatialReference(wkt.c_str()), &OSRRelease);
  if (reference) OSRSetAxisMappingStrategy(reference.get(), OAMS_TRADITIONAL_GIS_ORDER);
  return reference;
}

// Dates and what a pixel stands for; all else (statistics, compression, the driver's own) is of the
// file that was read.
bool IsKept(const std::string& name) {
  static constexpr std::array kNames = {"AREA_OR_POINT",       "TIFFTAG_DATETIME",
                                        "ACQUISITIONDATETIME", "ACQUISITION_DATE",
                                        "DATE_ACQUIRED",       "SCENE_CENTER_TIME"};
  return std::ranges::find(kNames, name) != kNames.end();
}

std::vector<ControlPoint> ControlPointsOf(GDALDatasetH dataset) {
  std::vector<ControlPoint> points;
  const GDAL_GCP* const gcps = GDALGetGCPs(dataset);
  for (int i = 0; i < GDALGetGCPCount(dataset); ++i) {
    const GDAL_GCP& gcp = gcps[i];
    points.push_back({gcp.pszId ? gcp.pszId : "", gcp.pszInfo ? gcp.pszInfo : "", gcp.dfGCPPixel,
                      gcp.dfGCPLine, gcp.dfGCPX, gcp.dfGCPY, gcp.dfGCPZ});
  }
  return points;
}

void SetControlPoints(GDALDatasetH dataset, const std::vector<ControlPoint>& points,
                      OGRSpatialReferenceH reference) {
  std::vector<GDAL_GCP> gcps;
  for (const ControlPoint& point : points)  // GDAL copies the texts, and changes none
    gcps.push_back({const_cast<char*>(point.id.c_str()), const_cast<char*>(point.info.c_str()),
                    point.column, point.row, point.x, point.y, point.z});
  GDALSetGCPs2(dataset, static_cast<int>(gcps.size()), gcps.data(), reference);
}

}  // namespace

bool IsSameCrs(const std::string& wkt, const std::string& other_wkt) {
  if (wkt.empty() || other_wkt.empty() || wkt == other_wkt) return true;
  const GdalMessages messages;
  const SpatialReference one = ReferenceOf(wkt), other = ReferenceOf(other_wkt);
  return !one || !other || OSRIsSame(one.get(), other.get());
}

std::string CrsUrn(const std::string& wkt) {
  const GdalMessages messages;
  const SpatialReference reference = ReferenceOf(wkt);
  if (!reference) return "";
  OSRStripVertical(reference.get());
  OSRAutoIdentifyEPSG(reference.get());
  const char* const authority = OSRGetAuthorityName(reference.get(), nullptr);
  const char* const code = OSRGetAuthorityCode(reference.get(), nullptr);
  if (!authority || !code) return "";
  const std::string name = std::string(authority) + "::" + code;
  // Longitude first, as coordinates stand in GeoJSON.
  const bool is_wgs84 = name == "EPSG::4326" || name == "OGC::CRS84";
  return "urn:ogc:def:crs:" + (is_wgs84 ? "OGC:1.3:CRS84" : name);
}

GdalMessages::GdalMessages() {
  static const bool registered = (GDALAllRegister(), true);
  static_cast<void>(registered);
  CPLPushErrorHandlerEx(&GdalMessages::Keep, this);
  CPLSetCurrentErrorHandlerCatchDebug(FALSE);
}

GdalMessages::~GdalMessages() { CPLPopErrorHandler(); }

void GdalMessages::Keep(CPLErr kind, CPLErrorNum, const char* message) {
  auto* const self = static_cast<GdalMessages*>(CPLGetErrorHandlerUserData());
  if (kind < CE_Failure || !self->error_.empty()) return;
  self->error_ = message;
  std::ranges::replace(self->error_, '\n', ' ');
}

std::string GdalMessages::cause() const { return error_.empty() ? "unknown cause" : error_; }

GdalOptions::GdalOptions(const std::vector<std::pair<std::string, std::string>>& options) {
  for (const auto& [name, value] : options) Set(name, value);
}

GdalOptions::~GdalOptions() { CSLDestroy(list_); }

void GdalOptions::Set(const std::string& name, const std::string& value) {
  list_ = CSLSetNameValue(list_, name.c_str(), value.c_str());
}

GDALDataType GdalTypeOf(SampleType type) {
  return type == SampleType::kUint8    ? GDT_Byte
         : type == SampleType::kUint16 ? GDT_UInt16
                                       : GDT_Float32;
}

Georeference GeoreferenceOf(GDALDatasetH dataset) {
  Georeference georeference;
  std::array<double, 6> transform{};
  if (GDALGetGeoTransform(dataset, transform.data()) == CE_None) georeference.transform = transform;
  georeference.control_points = ControlPointsOf(dataset);
  georeference.crs = WktOf(GDALGetSpatialRef(dataset));
  if (georeference.crs.empty()) georeference.crs = WktOf(GDALGetGCPSpatialRef(dataset));
  georeference.rpc = Pairs(GDALGetMetadata(dataset, "RPC"));
  for (const auto& [name, value] : Pairs(GDALGetMetadata(dataset, nullptr)))
    if (IsKept(name)) georeference.metadata.emplace_back(name, value);
  return georeference;
}

void WriteGeoreference(GDALDatasetH dataset, const Georeference& georeference) {
  const SpatialReference reference = ReferenceOf(georeference.crs);
  if (georeference.transform || georeference.control_points.empty()) {
    if (reference) GDALSetSpatialRef(dataset, reference.get());
  } else {
    SetControlPoints(dataset, georeference.control_points, reference.get());
  }
  if (georeference.transform) {
    std::array<double, 6> transform = *georeference.transform;
    GDALSetGeoTransform(dataset, transform.data());
  }
  if (!georeference.rpc.empty())
    GDALSetMetadata(dataset, GdalOptions(georeference.rpc).get(), "RPC");
  for (const auto& [name, value] : georeference.metadata)
    GDALSetMetadataItem(dataset, name.c_str(), value.c_str(), nullptr);
}

}  // namespace gmmseg
