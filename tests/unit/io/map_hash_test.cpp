#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "base/hash.h"
#include "io/map_reader.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using test::TemporaryFolder;
using test::ToBytes;

TEST_CASE("map hash: parts may be read by anybody, and make the hash of all of them") {
  const TemporaryFolder folder;
  test::WriteAll(folder.File("a"), ToBytes("0123456789"));
  test::WriteAll(folder.File("b"), ToBytes(""));
  test::WriteAll(folder.File("c"), ToBytes("0123"));
  const std::vector<std::string> files = {folder.File("a"), folder.path(), folder.File("b"),
                                          folder.File("nothing"), folder.File("c")};
  const HashOfFiles hash(files, 4);
  REQUIRE(hash.num_parts() == 5);
  CHECK(hash.OfPart(0) == ContentHash("0123"));
  CHECK(hash.OfPart(2) == ContentHash("89"));
  CHECK(hash.OfPart(3) == ContentHash(""));
  std::vector<std::string> parts(5);
  for (int part = 4; part >= 0; --part) parts[part] = hash.OfPart(part);
  CHECK(hash.Of(parts) == hash.Of());
  const std::string of_a =
      ContentHash(ContentHash("0123") + " " + ContentHash("4567") + " " + ContentHash("89"));
  CHECK(hash.Of() ==
        ContentHash(of_a + " " + ContentHash("") + " " + ContentHash("0123") + " "));
  const HashOfFiles whole(files);
  CHECK(whole.num_parts() == 3);
  CHECK(whole.Of() == ContentHash(ContentHash("0123456789") + " " + ContentHash("") + " " +
                                  ContentHash("0123") + " "));
  test::WriteAll(folder.File("a"), ToBytes("0123"));
  CHECK_THROWS_WITH_AS(hash.OfPart(1), doctest::Contains("cannot be read to its end"), IoError);
}

}  // namespace
}  // namespace gmmseg
