#include "io/opencv_threads.h"

#include <opencv2/core/utility.hpp>

namespace gmmseg {

void DisableOpenCvThreads() { cv::setNumThreads(0); }

}  // namespace gmmseg
