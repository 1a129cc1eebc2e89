#pragma once

namespace gmmseg::cli {

// From here on SIGINT, SIGTERM and SIGHUP remove what unfinished jobs have written and end the
// process with 128 + the signal's number; those that are ignored now stay ignored.
void CleanUpOnInterrupts();

// Until this is called, a pipe that nobody reads any more is an error of the write; from then on it
// ends the process, as users of `| head` expect.
void EndOnClosedPipe();

}  // namespace gmmseg::cli
