# `cpack --preset package`: what `cmake --install` installs, as one Debian package.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gmmseg)
set(CPACK_PACKAGE_VENDOR gmmseg)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "image segmentation with Gaussian mixtures")
set(CPACK_PACKAGE_DESCRIPTION
"The program segment divides an image into classes by fitting a Gaussian mixture
to its pixels, and says for every pixel how probable each class is. It reads PNG,
JPEG, BMP, WebP, PNM, TIFF, NIfTI, DICOM and what GDAL opens, and writes label
masks, heatmaps and the model.
.
The package also holds the C++ library behind it, gmmseg::gmmseg, with its
headers and CMake configuration.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "gmmseg maintainers <maintainers@gmmseg.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# The package's own library is no dependency of it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src)
# For programs that are built on the library: what gmmsegConfig.cmake looks for.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS libeigen3-dev)
if(NOT BUILD_SHARED_LIBS)
  string(APPEND CPACK_DEBIAN_PACKAGE_SUGGESTS ", libopencv-dev, libtbb-dev, libhwy-dev, "
         "libboost-filesystem-dev, zlib1g-dev, libpng-dev, libtiff-dev")
  if(gmmseg_has_gdal)
    string(APPEND CPACK_DEBIAN_PACKAGE_SUGGESTS ", libgdal-dev")
  endif()
  if(gmmseg_has_gdcm)
    string(APPEND CPACK_DEBIAN_PACKAGE_SUGGESTS ", libgdcm-dev")
  endif()
  if(gmmseg_has_nifti)
    string(APPEND CPACK_DEBIAN_PACKAGE_SUGGESTS ", libnifti-dev")
  endif()
endif()

set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/finish_package.cmake)

include(CPack)
