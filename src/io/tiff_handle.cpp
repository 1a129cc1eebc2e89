#include "io/tiff_handle.h"

#include <cstdarg>
#include <cstdio>
#include <memory>
#include <new>

namespace gmmseg {
namespace {

TiffStream& StreamOf(thandle_t client) { return *static_cast<TiffStream*>(client); }

int IgnoreWarning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

}  // namespace

int TiffHandle::KeepError(TIFF*, void* handle, const char*, const char* format, va_list arguments) {
  std::string& error = static_cast<TiffHandle*>(handle)->error_;
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  if (error.empty()) error = text;
  return 1;  // handled: libtiff calls no global handler
}

TiffHandle::TiffHandle(const std::string& name, const char* mode, TiffStream& stream,
                       std::int64_t max_allocation) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
      TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), KeepError, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), IgnoreWarning, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), max_allocation);
  tiff_ = TIFFClientOpenExt(
      name.c_str(), mode, &stream,
      [](thandle_t client, void* out, tmsize_t count) { return StreamOf(client).Read(out, count); },
      [](thandle_t client, void* data, tmsize_t count) {
        return StreamOf(client).Write(data, count);
      },
      [](thandle_t client, toff_t offset, int whence) {
        return StreamOf(client).Seek(offset, whence);
      },
      [](thandle_t) { return 0; }, [](thandle_t client) { return StreamOf(client).Size(); },
      nullptr, nullptr, options.get());
}

TiffHandle::~TiffHandle() {
  if (tiff_) TIFFClose(tiff_);
}

}  // namespace gmmseg
