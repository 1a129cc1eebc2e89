#include "cli/interrupts.h"

#include <fcntl.h>
#include <gmmseg/job.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace gmmseg::cli {
namespace {

constexpr int kSignalBase = 128;

bool IsIgnored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sem_t received;
std::atomic<int> received_signal{0};  // the first
static_assert(std::atomic<int>::is_always_lock_free);

void Receive(int signal) {
  int none = 0;
  received_signal.compare_exchange_strong(none, signal);
  sem_post(&received);
}

void WaitAndEnd() {
  while (sem_wait(&received) != 0) {  // an interrupted call
  }
  AbandonJobs();
  // On a terminal, ^C and the progress line stand before it.
  const char* const message = isatty(STDERR_FILENO) == 1
                                  ? "\nsegment: interrupted; unfinished outputs were removed\n"
                                  : "segment: interrupted; unfinished outputs were removed\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message, std::strlen(message));
  _exit(kSignalBase + received_signal);
}

}  // namespace

// Handlers, and not blocked signals for one thread to wait on: libraries may have started threads
// of their own before main, as OpenBLAS does, and the system would pick one of those, where nothing
// is blocked.
void CleanUpOnInterrupts() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on sizes of files is an error of the write
  sem_init(&received, 0, 0);
  struct sigaction action {};
  action.sa_handler = &Receive;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (!IsIgnored(signal)) sigaction(signal, &action, nullptr);
  std::thread(&WaitAndEnd).detach();
}

void OpenStandardStreams() {
  int descriptor = 0;
  while (descriptor >= 0 && descriptor <= STDERR_FILENO) descriptor = open("/dev/null", O_RDWR);
  if (descriptor >= 0) close(descriptor);
}

void EndOnClosedPipe() { signal(SIGPIPE, SIG_DFL); }

}  // namespace gmmseg::cli
