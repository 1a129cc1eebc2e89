#include "cluster/mpi_ranks.h"

#include <gmmseg/errors.h>
#include <gmmseg/threads.h>
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gmmseg {
namespace {

using std::chrono::milliseconds;

// Counts of MPI are int.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;
enum Tag {
  kSize = 1,
  kBytes,
  kRequest,
  kRequestBytes,
  kAnswer,
  kAnswerBytes,
  kFailure,
  kFailureBytes
};

void SendBytes(MPI_Comm comm, int to, int tag, const std::string& bytes) {
  const std::int64_t size = std::ssize(bytes);
  MPI_Send(&size, 1, MPI_INT64_T, to, tag, comm);
  for (std::int64_t at = 0; at < size; at += kMostBytes)
    MPI_Send(bytes.data() + at, static_cast<int>(std::min(kMostBytes, size - at)), MPI_BYTE, to,
             tag + 1, comm);
}

std::string ReceiveBytes(MPI_Comm comm, int from, int tag) {
  std::int64_t size = 0;
  MPI_Recv(&size, 1, MPI_INT64_T, from, tag, comm, MPI_STATUS_IGNORE);
  std::string bytes(size, '\0');
  for (std::int64_t at = 0; at < size; at += kMostBytes)
    MPI_Recv(bytes.data() + at, static_cast<int>(std::min(kMostBytes, size - at)), MPI_BYTE, from,
             tag + 1, comm, MPI_STATUS_IGNORE);
  return bytes;
}

// Cores that the ranks of this machine may use, all of them together.
int CoresOfMachine(MPI_Comm machine) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  MPI_Allreduce(MPI_IN_PLACE, &cores, sizeof cores, MPI_BYTE, MPI_BOR, machine);
  return CPU_COUNT(&cores);
}

}  // namespace

struct MpiRanks::Impl {
  struct Failure {
    int exit_code = 1;
    std::string reason;
    Whose whose = Whose::kRank;
  };

  Impl(int& argc, char**& argv) {
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    if (provided < MPI_THREAD_MULTIPLE)
      throw Error("this MPI library does not allow several threads; use one that does");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_dup(MPI_COMM_WORLD, &sums);
    MPI_Comm_dup(MPI_COMM_WORLD, &requests);
    MPI_Comm machine;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &machine);
    MPI_Comm_size(machine, &num_here);
    num_threads = std::clamp(CoresOfMachine(machine) / num_here, 1, AvailableThreads());
    MPI_Comm_free(&machine);
    if (rank == 0) server = std::thread([this] { Serve(); });
  }

  ~Impl() {
    MPI_Barrier(sums);
    stops = true;
    if (server.joinable()) server.join();
    MPI_Comm_free(&sums);
    MPI_Comm_free(&requests);
    MPI_Finalize();
  }

  // Rank 0's thread: it looks for messages now and then, for to wait in MPI would take a core.
  void Serve() {
    auto pause = kShortestPause;
    while (!stops) {
      const bool failed = CollectFailure() || HasFailure();
      if (failed) End();
      if (AnswerOne()) {
        pause = kShortestPause;
        continue;
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kLongestPause);
    }
  }

  // From whom a message of this kind waits.
  std::optional<int> Waiting(int tag) const {
    int waits = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, tag, requests, &waits, &status);
    return waits ? std::optional(status.MPI_SOURCE) : std::nullopt;
  }

  bool AnswerOne() {
    const std::lock_guard lock(answer_mutex);
    if (!answer) return false;
    const std::optional<int> from = Waiting(kRequest);
    if (!from) return false;
    const std::string request = ReceiveBytes(requests, *from, kRequest);
    try {
      SendBytes(requests, *from, kAnswer, answer(*from, request));
    } catch (const std::exception& error) {
      AddFailure(0, {1, error.what(), Whose::kJob});  // who asked waits for the end
    }
    return true;
  }

  bool CollectFailure() {
    const std::optional<int> from = Waiting(kFailure);
    if (!from) return false;
    const std::string bytes = ReceiveBytes(requests, *from, kFailure);
    AddFailure(*from, {static_cast<unsigned char>(bytes.front()), bytes.substr(1), Whose::kRank});
    return true;
  }

  void AddFailure(int from, Failure failure) {
    const std::lock_guard lock(failure_mutex);
    failures.emplace_back(from, std::move(failure));
  }
  bool HasFailure() {
    const std::lock_guard lock(failure_mutex);
    return !failures.empty();
  }

  // What is wrong with all, as words that all have read, arrives from all within a moment.
  [[noreturn]] void End() {
    for (int i = 0; i < kMoments; ++i) {
      while (CollectFailure()) {
      }
      std::this_thread::sleep_for(kMoment);
    }
    const std::lock_guard lock(failure_mutex);
    const auto& [first, failure] = failures.front();
    const bool all_alike =
        std::ssize(failures) == size && std::ranges::all_of(failures, [&](const auto& other) {
          return other.second.reason == failure.reason;
        });
    std::string reason = failure.reason;
    if (!all_alike && failure.whose == Whose::kRank && size > 1)
      reason = "rank " + std::to_string(first) + " of " + std::to_string(size) + ": " + reason;
    if (tell) tell(reason);
    MPI_Abort(MPI_COMM_WORLD, failure.exit_code);
    std::_Exit(failure.exit_code);
  }

  static constexpr std::chrono::microseconds kShortestPause{50}, kLongestPause{2000};
  static constexpr milliseconds kMoment{20};
  static constexpr int kMoments = 15;

  int rank = 0, size = 1, num_here = 1, num_threads = 1;
  MPI_Comm sums = MPI_COMM_NULL, requests = MPI_COMM_NULL;
  std::mutex ask_mutex;  // one request at a time
  std::mutex answer_mutex;
  std::condition_variable answers;
  Answer answer;  // rank 0's
  std::mutex failure_mutex;
  std::vector<std::pair<int, Failure>> failures;  // with their ranks, as they came
  Tell tell;
  std::atomic<bool> stops{false};
  std::thread server;  // rank 0's
};

MpiRanks::MpiRanks(int& argc, char**& argv) : impl_(std::make_unique<Impl>(argc, argv)) {}
MpiRanks::~MpiRanks() = default;

int MpiRanks::rank() const { return impl_->rank; }
int MpiRanks::size() const { return impl_->size; }
int MpiRanks::num_here() const { return impl_->num_here; }
int MpiRanks::num_threads() const { return impl_->num_threads; }

void MpiRanks::Sum(std::span<std::int64_t> values) {
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_INT64_T, MPI_SUM,
                impl_->sums);
}

void MpiRanks::Broadcast(int from, std::string& bytes) {
  std::int64_t size = std::ssize(bytes);
  MPI_Bcast(&size, 1, MPI_INT64_T, from, impl_->sums);
  bytes.resize(size);
  for (std::int64_t at = 0; at < size; at += kMostBytes)
    MPI_Bcast(bytes.data() + at, static_cast<int>(std::min(kMostBytes, size - at)), MPI_BYTE, from,
              impl_->sums);
}

void MpiRanks::Send(int to, const std::string& bytes) { SendBytes(impl_->sums, to, kSize, bytes); }
std::string MpiRanks::Receive(int from) { return ReceiveBytes(impl_->sums, from, kSize); }

std::string MpiRanks::Ask(const std::string& request) {
  if (impl_->rank == 0) {
    std::unique_lock lock(impl_->answer_mutex);
    impl_->answers.wait(lock, [this] { return impl_->answer != nullptr; });
    return impl_->answer(0, request);
  }
  const std::lock_guard lock(impl_->ask_mutex);
  SendBytes(impl_->requests, 0, kRequest, request);
  // As rank 0's thread does: an answer may take a while.
  for (;;) {
    int waits = 0;
    MPI_Iprobe(0, kAnswer, impl_->requests, &waits, MPI_STATUS_IGNORE);
    if (waits) return ReceiveBytes(impl_->requests, 0, kAnswer);
    std::this_thread::sleep_for(Impl::kShortestPause);
  }
}

void MpiRanks::AnswerWith(Answer answer) {
  const std::lock_guard lock(impl_->answer_mutex);
  impl_->answer = std::move(answer);
  impl_->answers.notify_all();
}

void MpiRanks::TellFailuresBy(Tell tell) { impl_->tell = std::move(tell); }

void MpiRanks::Fail(int exit_code, const std::string& reason, Whose whose) {
  if (impl_->rank == 0)
    impl_->AddFailure(0, {exit_code, reason, whose});
  else
    SendBytes(impl_->requests, 0, kFailure, static_cast<char>(exit_code) + reason);
  // Rank 0 ends this process; or it is gone itself, or hangs, and cannot say why.
  std::this_thread::sleep_for(std::chrono::seconds(20));
  if (impl_->tell) impl_->tell("rank " + std::to_string(impl_->rank) + ": " + reason);
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace gmmseg
