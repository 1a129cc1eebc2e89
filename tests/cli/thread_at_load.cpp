// Preloaded by test_interrupts.py: a thread that runs before main does, as some libraries have.
#include <unistd.h>

#include <thread>

namespace {

const bool started = [] {
  std::thread([] { pause(); }).detach();
  return true;
}();

}  // namespace
