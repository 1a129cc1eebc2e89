#pragma once

namespace gmmseg::cli {

// From here on SIGINT, SIGTERM and SIGHUP remove what unfinished jobs have written and end the
// process with 128 + the signal's number; those that are ignored now stay ignored.
void CleanUpOnInterrupts();

// Where the caller closed stdin, stdout or stderr, the next file that is opened would take its
// place and its output.
void OpenStandardStreams();

// Until this is called, a pipe that nobody reads any more is an error of the write; from then on it
// ends the process, as users of `| head` expect.
void EndOnClosedPipe();

}  // namespace gmmseg::cli
