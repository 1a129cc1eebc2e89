// Staging: a job's files in a hidden folder until all of them are there.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>
#include <vector>

namespace gmmseg {

class Staging {
 public:
  // Creates `directory` if it is missing and, within it, `.STEM.gmmseg-PID-n`. Throws IoError.
  Staging(const boost::filesystem::path& directory, const std::string& stem);
  // What another process made of them, for the same job; it removes all that the other one would.
  static std::unique_ptr<Staging> Join(const boost::filesystem::path& directory,
                                       const boost::filesystem::path& folder);
  // Removes what was not committed, and `directory` if this object made it and it is empty.
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const boost::filesystem::path& folder() const { return folder_; }

  // A writer names the file where it stands for the time being; the user knows only where it is to
  // go.
  std::string InFinalPlace(std::string message) const;

  // Moves the files called `names` from the folder into the directory, over those that are there,
  // and removes those called `stale`. If any step fails, every file is put back and the exception
  // passes through.
  void Commit(const std::vector<std::string>& names, const std::vector<std::string>& stale);

  // Removes what processes that are no more left in `directory`.
  static void RemoveLeftovers(const boost::filesystem::path& directory) noexcept;

  // Removes the uncommitted files of every live object and keeps all of them from doing anything
  // more: the process is about to end.
  static void AbandonAll() noexcept;

 private:
  struct Joined {};
  Staging(Joined, const boost::filesystem::path& directory, const boost::filesystem::path& folder);
  void Create(const std::string& stem);
  void Remove() noexcept;
  void Swap(const std::vector<std::string>& names, const std::vector<std::string>& stale);

  boost::filesystem::path directory_, folder_;
  bool made_directory_ = false;
};

}  // namespace gmmseg
