#include <doctest/doctest.h>
#include <gmmseg/exact_sum.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "../thread_ranks.h"
#include "base/random.h"
#include "base/share.h"
#include "base/tree_sum.h"

namespace gmmseg {
namespace {

double Term(std::int64_t place) {
  RandomStream random(3, static_cast<std::uint64_t>(place));
  return std::exp(20 * random.Normal());
}

double SumOf(const std::vector<std::int64_t>& places) {
  TreeSum<double> sum;
  for (const std::int64_t place : places) sum.Add(place, Term(place));
  return sum.Total();
}

TEST_CASE("tree sum: the same bits in any order, and the sum") {
  for (const std::int64_t count : {1, 2, 7, 64, 100}) {
    std::vector<std::int64_t> places(count);
    std::iota(places.begin(), places.end(), 0);
    const double forwards = SumOf(places);
    double plain = 0;
    for (const std::int64_t place : places) plain += Term(place);
    CHECK(forwards == doctest::Approx(plain).epsilon(1e-12));
    RandomStream random(5, static_cast<std::uint64_t>(count));
    for (int trial = 0; trial < 20; ++trial) {
      for (std::size_t i = places.size(); i > 1; --i)
        std::swap(places[i - 1],
                  places[static_cast<std::size_t>(random.Uniform() * static_cast<double>(i))]);
      CHECK(SumOf(places) == forwards);
    }
  }
  CHECK(TreeSum<double>().Total() == 0);
}

TEST_CASE("tree sum: whatever is missing, ranks have the bits of one process") {
  const auto is_there = [](std::int64_t place) { return place % 5 != 3; };
  std::vector<std::int64_t> all;
  for (std::int64_t place = 0; place < 61; ++place)
    if (is_there(place)) all.push_back(place);
  const double alone = SumOf(all);
  for (const int size : {1, 2, 3, 5, 8})
    ThreadRanks::Run(size, [&](Ranks& ranks) {
      TreeSum<double> sum;
      const Share share = ShareOf(61, &ranks);
      for (std::int64_t place = share.first; place < share.behind; ++place)
        if (is_there(place)) sum.Add(place, Term(place));
      Unite(
          ranks, sum, [](ByteWriter& writer, double each) { writer.Put(each); },
          [](ByteReader& reader) { return reader.Next<double>(); });
      CHECK(sum.Total() == alone);
    });
}

TEST_CASE("shares: follow each other, cover everything, and differ by at most one") {
  for (const std::int64_t count : {0, 1, 5, 100, 101})
    for (const int size : {1, 2, 3, 7, 64}) {
      std::vector<Share> shares(size);
      ThreadRanks::Run(size, [&](Ranks& ranks) { shares[ranks.rank()] = ShareOf(count, &ranks); });
      CHECK(shares.front().first == 0);
      CHECK(shares.back().behind == count);
      for (int rank = 0; rank < size; ++rank) {
        CHECK(shares[rank].size() >= count / size);
        CHECK(shares[rank].size() <= count / size + 1);
        if (rank > 0) CHECK(shares[rank].first == shares[rank - 1].behind);
      }
    }
  CHECK(ShareOf(9, nullptr).size() == 9);
}

TEST_CASE("exact sum: parts that are added up one by one are the sum") {
  const std::vector<double> terms = {1.5, -2.25e10, 3e18, -7e-15, 1e19, -1e19, 0.1, -0.3, -4e18};
  ExactSum expected;
  ExactSum::Parts totals{};
  for (const double term : terms) {
    expected += term;
    const ExactSum::Parts parts = ExactSum(term).ToParts();
    for (std::size_t i = 0; i < parts.size(); ++i) totals[i] += parts[i];
  }
  CHECK(ExactSum::FromParts(totals) == expected);
  CHECK(ExactSum::FromParts(ExactSum(-3.5).ToParts()) == ExactSum(-3.5));
  const ExactSum::Parts lost = ExactSum(NAN).ToParts();
  CHECK(ExactSum::FromParts(lost).overflowed());
  ExactSum::Parts large{};
  for (int i = 0; i < 5; ++i) {
    const ExactSum::Parts parts = ExactSum(0x1.8p65).ToParts();
    for (std::size_t j = 0; j < parts.size(); ++j) large[j] += parts[j];
  }
  CHECK(ExactSum::FromParts(large).overflowed());
}

TEST_CASE("byte reader: what ends early is an error") {
  ByteWriter writer;
  writer.Put(std::string("four"));
  const std::string bytes = writer.Take();
  CHECK(ByteReader(bytes).Next<std::string>() == "four");
  ByteReader reader(std::string_view(bytes).substr(0, bytes.size() - 1));
  CHECK_THROWS_AS(reader.Next<std::string>(), InternalError);
}

}  // namespace
}  // namespace gmmseg
