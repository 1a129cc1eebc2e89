// Ranks that are threads of the test.
#pragma once

#include <gmmseg/ranks.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gmmseg {

class ThreadRanks {
 public:
  // work(ranks) on `size` threads at a time. Throws what the lowest rank threw.
  static void Run(int size, const std::function<void(Ranks&)>& work) {
    ThreadRanks all(size);
    std::vector<std::exception_ptr> thrown(size);
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank)
      threads.emplace_back([&, rank] {
        Rank self(all, rank);
        try {
          work(self);
        } catch (...) {
          thrown[rank] = std::current_exception();
        }
      });
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& each : thrown)
      if (each) std::rethrow_exception(each);
  }

 private:
  class Rank : public Ranks {
   public:
    Rank(ThreadRanks& all, int rank) : all_(all), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return all_.size_; }
    void Sum(std::span<std::int64_t> values) override {
      const std::vector<std::int64_t> sums = all_.SumWith({values.begin(), values.end()});
      std::copy(sums.begin(), sums.end(), values.begin());
    }
    void Broadcast(int from, std::string& bytes) override {
      for (int to = 0; rank_ == from && to < size(); ++to)
        if (to != from) Send(to, bytes);
      if (rank_ != from) bytes = Receive(from);
    }
    void Send(int to, const std::string& bytes) override {
      const std::lock_guard lock(all_.mutex_);
      all_.sent_[{rank_, to}].push_back(bytes);
      all_.changed_.notify_all();
    }
    std::string Receive(int from) override {
      std::unique_lock lock(all_.mutex_);
      std::deque<std::string>& sent = all_.sent_[{from, rank_}];
      all_.changed_.wait(lock, [&] { return !sent.empty(); });
      std::string bytes = std::move(sent.front());
      sent.pop_front();
      return bytes;
    }
    std::string Ask(const std::string& request) override {
      std::unique_lock lock(all_.answer_mutex_);
      all_.changed_.wait(lock, [&] { return all_.answer_ != nullptr; });
      return all_.answer_(rank_, request);
    }
    void AnswerWith(Answer answer) override {
      const std::lock_guard lock(all_.answer_mutex_);
      all_.answer_ = std::move(answer);
      all_.changed_.notify_all();
    }

   private:
    ThreadRanks& all_;
    int rank_;
  };

  explicit ThreadRanks(int size) : size_(size) {}

  std::vector<std::int64_t> SumWith(const std::vector<std::int64_t>& values) {
    std::unique_lock lock(mutex_);
    const int round = round_;
    if (arrived_ == 0) sums_.assign(values.size(), 0);
    for (std::size_t i = 0; i < values.size(); ++i) sums_[i] += values[i];
    if (++arrived_ == size_) {
      arrived_ = 0;
      ++round_;
      done_ = sums_;
      changed_.notify_all();
    } else {
      changed_.wait(lock, [&] { return round_ != round; });
    }
    return done_;
  }

  int size_;
  std::mutex mutex_, answer_mutex_;
  std::condition_variable_any changed_;
  std::map<std::pair<int, int>, std::deque<std::string>> sent_;  // from, to
  int arrived_ = 0, round_ = 0;
  std::vector<std::int64_t> sums_, done_;
  Ranks::Answer answer_;
};

}  // namespace gmmseg
