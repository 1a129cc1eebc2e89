#pragma once

#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/string_file.hpp>
#include <set>
#include <string>

// An empty folder for one test.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_(boost::filesystem::temp_directory_path() /
              boost::filesystem::unique_path("gmmseg-test-%%%%%%%%")) {
    boost::filesystem::create_directory(path_);
  }
  ~ScratchFolder() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const boost::filesystem::path& path() const { return path_; }
  void Write(const std::string& name, const std::string& text) const {
    boost::filesystem::save_string_file(path_ / name, text);
  }
  std::string Read(const std::string& name) const {
    std::string text;
    boost::filesystem::load_string_file(path_ / name, text);
    return text;
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : boost::filesystem::directory_iterator(path_))
      names.insert(entry.path().filename().string());
    return names;
  }

 private:
  boost::filesystem::path path_;
};
