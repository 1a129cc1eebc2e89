#include "batch/staging.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "scratch_folder.h"

using namespace gmmseg;
namespace fs = boost::filesystem;

namespace {

void Put(const Staging& staging, const std::string& name, const std::string& text) {
  fs::save_string_file(staging.folder() / name, text);
}

}  // namespace

TEST_CASE("committed files appear, stale ones go, and nothing else is left") {
  const ScratchFolder folder;
  folder.Write("a", "old");
  folder.Write("stale", "old");
  folder.Write("other", "kept");
  {
    Staging staging(folder.path(), "photo");
    Put(staging, "a", "new");
    Put(staging, "b", "new");
    staging.Commit({"a", "b"}, {"stale"});
  }
  CHECK(folder.Names() == std::set<std::string>{"a", "b", "other"});
  CHECK(folder.Read("a") == "new");
}

TEST_CASE("a commit that fails half way puts everything back") {
  const ScratchFolder folder;
  folder.Write("a", "old");
  folder.Write("stale", "old");
  {
    Staging staging(folder.path(), "photo");
    Put(staging, "a", "new");
    CHECK_THROWS_AS(staging.Commit({"a", "missing"}, {"stale"}), IoError);
  }
  CHECK(folder.Names() == std::set<std::string>{"a", "stale"});
  CHECK(folder.Read("a") == "old");
}

TEST_CASE("without a commit nothing is left, not even the folder that was made for it") {
  const ScratchFolder folder;
  const fs::path made = folder.path() / "made";
  {
    Staging staging(made, "photo");
    Put(staging, "a", "new");
    CHECK(fs::exists(staging.folder()));
  }
  CHECK(folder.Names().empty());
}

TEST_CASE("a folder that cannot be made is an error of writing that names it") {
  const ScratchFolder folder;
  folder.Write("file", "");
  CHECK_THROWS_WITH_AS(Staging(folder.path() / "file" / "out", "photo"),
                       doctest::Contains("cannot write here"), IoError);
  CHECK(folder.Names() == std::set<std::string>{"file"});
}

TEST_CASE("two jobs of the same stem at a time do not meet") {
  const ScratchFolder folder;
  const Staging first(folder.path(), "photo"), second(folder.path(), "photo");
  CHECK(first.folder() != second.folder());
}
