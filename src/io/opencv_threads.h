#pragma once

namespace gmmseg {

// OpenCV keeps a pool of threads of its own, which knows nothing of ThreadLimit. A program calls
// this once, at its start.
void DisableOpenCvThreads();

}  // namespace gmmseg
