#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

using namespace gmmseg;

TEST_CASE("a thread limit counts while it lives, and the narrowest wins") {
  const int before = ActiveThreads();
  {
    const ThreadLimit two(2);
    CHECK(ActiveThreads() == 2);
    const ThreadLimit one(1);
    CHECK(ActiveThreads() == 1);
  }
  CHECK(ActiveThreads() == before);
  CHECK_THROWS_AS(ThreadLimit(0), ParameterError);
}

TEST_CASE("at least one thread is available") { CHECK(AvailableThreads() >= 1); }
