#include "batch/scene_journal.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "scratch_folder.h"

using namespace gmmseg;
using Kind = SceneJournal::Kind;

namespace {

std::shared_future<std::string> Known(const std::string& hash) {
  std::promise<std::string> promise;
  promise.set_value(hash);
  return promise.get_future().share();
}

void PutCell(SceneJournal& journal, const std::string& values) {
  journal.BeginCell(std::ssize(values));
  for (const char value : values) journal.Write(&value, 1);
  journal.EndCell();
}

// A journal's bytes when it is killed after a fit and the cells "one", "two!" and "three".
std::string Killed(const ScratchFolder& folder, const std::shared_future<std::string>& image) {
  SceneJournal journal(folder.path() / "j", image);
  journal.Begin();
  journal.Put(Kind::kFit, "fit a;", "model");
  journal.Put(Kind::kLabelling, "labels b;", "");
  for (const char* const values : {"one", "two!", "three"}) PutCell(journal, values);
  return folder.Read("j");
}

// The cells that a run finds which goes on.
std::vector<std::string> Found(const ScratchFolder& folder, const std::string& hash,
                               const std::string& fit = "fit a;") {
  SceneJournal journal(folder.path() / "j", Known(hash));
  journal.Find();
  std::vector<std::string> found;
  if (journal.Take(Kind::kFit, fit) != "model") return found;
  found.emplace_back("model");
  if (journal.Take(Kind::kLabelling, "labels b;") != "") return found;
  for (const std::size_t size : {3, 4, 5}) {
    if (!journal.TakeCell(static_cast<std::int64_t>(size))) break;
    std::string& values = found.emplace_back(size, ' ');
    for (char& value : values) journal.Read(&value, 1);
  }
  return found;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("scene journal: what was put is taken, and the file goes with its owner") {
  const ScratchFolder folder;
  const std::string bytes = Killed(folder, Known("h"));
  CHECK(folder.Names().empty());
  CHECK(Found(folder, "h") == Texts{});
  folder.Write("j", bytes);
  CHECK(Found(folder, "h") == Texts{"model", "one", "two!", "three"});
  CHECK(folder.Names().empty());
}

TEST_CASE("scene journal: nothing of another image, or of one that was not known yet") {
  const ScratchFolder folder;
  folder.Write("j", Killed(folder, Known("h")));
  CHECK(Found(folder, "other") == Texts{});
  std::promise<std::string> late;
  folder.Write("j", Killed(folder, late.get_future().share()));
  CHECK(Found(folder, "h") == Texts{});
}

TEST_CASE(
    "scene journal: cut anywhere, the records before that are there; a changed byte ends it") {
  const ScratchFolder folder;
  const Texts all = {"model", "one", "two!", "three"};
  const std::string bytes = Killed(folder, Known("h"));
  const auto check = [&](const std::string& torn) {
    folder.Write("j", torn);
    const Texts found = Found(folder, "h");
    CHECK(found.size() < all.size());
    CHECK(std::equal(found.begin(), found.end(), all.begin()));
    return found.size();
  };
  std::size_t before = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::size_t found = check(bytes.substr(0, size));
    CHECK(found >= before);
    before = found;
  }
  CHECK(before == 3);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    check(changed);
  }
}

TEST_CASE("scene journal: what follows a record that is not taken is written over") {
  const ScratchFolder folder;
  folder.Write("j", Killed(folder, Known("h")));
  std::string bytes;
  {
    SceneJournal journal(folder.path() / "j", Known("h"));
    journal.Find();
    CHECK(!journal.Take(Kind::kFit, "fit c;"));
    journal.Begin();
    journal.Put(Kind::kFit, "fit c;", "model");
    bytes = folder.Read("j");
  }
  folder.Write("j", bytes);
  CHECK(Found(folder, "h") == Texts{});
  folder.Write("j", bytes);
  CHECK(Found(folder, "h", "fit c;") == Texts{"model"});
}

TEST_CASE("scene journal: a second owner, or no folder, is no journal and no error") {
  const ScratchFolder folder;
  SceneJournal first(folder.path() / "j", Known("h"));
  first.Begin();
  {
    SceneJournal second(folder.path() / "j", Known("h"));
    second.Find();
    second.Begin();
    PutCell(second, "mine");
  }
  CHECK(folder.Names().size() == 1);
  SceneJournal nowhere(folder.path() / "none" / "j", Known("h"));
  nowhere.Begin();
  PutCell(nowhere, "mine");
  CHECK(!nowhere.TakeCell(4));
}
