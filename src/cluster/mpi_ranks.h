// The ranks of an MPI job.
#pragma once

#include <gmmseg/ranks.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace gmmseg {

class MpiRanks : public Ranks {
 public:
  // Starts MPI, which takes its own words out of the command line. One object in a process; what it
  // throws is thrown on all ranks.
  MpiRanks(int& argc, char**& argv);
  // Waits for all ranks, and ends MPI.
  ~MpiRanks() override;
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;

  int rank() const override;
  int size() const override;
  void Sum(std::span<std::int64_t> values) override;
  void Broadcast(int from, std::string& bytes) override;
  void Send(int to, const std::string& bytes) override;
  std::string Receive(int from) override;
  std::string Ask(const std::string& request) override;
  void AnswerWith(Answer answer) override;

  // Of this machine's ranks: how many there are, and the threads that each may use, so that their
  // cores are shared out.
  int num_here() const;
  int num_threads() const;

  // The end of a job that failed on this rank: rank 0 tells why, by `tell` of the reason (with the
  // rank, unless that is the job's, or all failed alike), and ends all processes with the exit code
  // (1 … 255). If it has not done so after 20 seconds, this rank does.
  using Tell = std::function<void(const std::string& reason)>;
  void TellFailuresBy(Tell tell);
  enum class Whose { kRank, kJob };
  [[noreturn]] void Fail(int exit_code, const std::string& reason, Whose whose);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gmmseg
