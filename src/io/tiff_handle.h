// libtiff on any stream, with its messages kept for the error that we throw instead of printed.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <string>

namespace gmmseg {

// What libtiff reads from or writes to.
class TiffStream {
 public:
  virtual ~TiffStream() = default;
  virtual tmsize_t Read(void* out, tmsize_t count) = 0;
  virtual tmsize_t Write(const void* data, tmsize_t count) = 0;
  virtual toff_t Seek(toff_t offset, int whence) = 0;
  virtual toff_t Size() = 0;
};

class TiffHandle {
 public:
  // `mode` as in TIFFOpen. `stream` outlives the handle. get() is null where opening failed.
  TiffHandle(const std::string& name, const char* mode, TiffStream& stream,
             std::int64_t max_allocation);
  ~TiffHandle();
  TiffHandle(const TiffHandle&) = delete;
  TiffHandle& operator=(const TiffHandle&) = delete;

  TIFF* get() const { return tiff_; }
  // The first complaint; "unknown cause" where there was none.
  std::string error() const { return error_.empty() ? "unknown cause" : error_; }

 private:
  static int KeepError(TIFF* tiff, void* handle, const char* module, const char* format,
                       va_list arguments);

  TIFF* tiff_ = nullptr;
  std::string error_;
};

}  // namespace gmmseg
