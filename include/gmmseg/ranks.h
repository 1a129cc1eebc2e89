// Ranks: processes that do one job together, as those of an MPI job do. The library knows no
// transport: whoever starts the processes hands one of these to FitOptions and to jobs.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace gmmseg {

// Failures are the transport's own to end: a rank that is gone ends all others. What a call throws
// passes through.
class Ranks {
 public:
  virtual ~Ranks() = default;

  virtual int rank() const = 0;  // this process's: 0 … size() - 1
  virtual int size() const = 0;
  bool IsFirst() const { return rank() == 0; }

  // Every rank calls these two in the same order, each from one thread at a time.
  // values[i] becomes the sum of all ranks' values[i]: of integers, so that no order of adding
  // matters. Nobody gets there before all have come.
  virtual void Sum(std::span<std::int64_t> values) = 0;
  // All have what rank `from` had.
  virtual void Broadcast(int from, std::string& bytes) = 0;

  // What one rank sends another receives, in the order in which it was sent. Not from two threads
  // at a time.
  virtual void Send(int to, const std::string& bytes) = 0;
  virtual std::string Receive(int from) = 0;

  // What rank 0 answers to a request, from any thread of any rank, rank 0's own included. A request
  // waits until there is someone who answers.
  virtual std::string Ask(const std::string& request) = 0;
  // Of rank 0: who answers from now on, one request at a time, from a thread of its own; an empty
  // function for nobody. What it throws ends the job.
  using Answer = std::function<std::string(int rank, const std::string& request)>;
  virtual void AnswerWith(Answer answer) = 0;
};

// Waits for all ranks.
void Meet(Ranks& ranks);

}  // namespace gmmseg
