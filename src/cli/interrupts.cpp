#include "cli/interrupts.h"

#include <gmmseg/job.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace gmmseg::cli {
namespace {

constexpr int kSignalBase = 128;

bool IsIgnored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void WaitAndEnd(const sigset_t& signals) {
  int signal = 0;
  if (sigwait(&signals, &signal) != 0) return;
  AbandonJobs();
  // On a terminal, ^C and the progress line stand before it.
  const char* const message = isatty(STDERR_FILENO) == 1
                                  ? "\nsegment: interrupted; unfinished outputs were removed\n"
                                  : "segment: interrupted; unfinished outputs were removed\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message, std::strlen(message));
  _exit(kSignalBase + signal);
}

}  // namespace

void CleanUpOnInterrupts() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (!IsIgnored(signal)) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] { WaitAndEnd(signals); }).detach();
}

void EndOnClosedPipe() { signal(SIGPIPE, SIG_DFL); }

}  // namespace gmmseg::cli
