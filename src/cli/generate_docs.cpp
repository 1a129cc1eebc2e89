// generate_docs MAN_PAGE COMPLETION: writes both files; run by the build.
#include <exception>
#include <fstream>
#include <iostream>

#include "cli/bash_completion.h"
#include "cli/man_page.h"
#include "cli/options.h"

namespace gmmseg::cli {
namespace {

bool Write(const char* path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) std::cerr << path << ": cannot write\n";
  return static_cast<bool>(file);
}

bool WriteDocuments(const char* man_page, const char* completion) {
  bool written = false;
  ShowOptionTable([&](const CLI::App& segment) {
    written = Write(man_page, ManPage(segment)) && Write(completion, BashCompletion(segment));
  });
  return written;
}

}  // namespace
}  // namespace gmmseg::cli

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: generate_docs MAN_PAGE COMPLETION\n";
    return 2;
  }
  try {
    return gmmseg::cli::WriteDocuments(argv[1], argv[2]) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
