#include "cli/help.h"

#include <sstream>

namespace gmmseg::cli {
namespace {

constexpr std::size_t kNameColumns = 30;
constexpr std::size_t kTextColumns = 62;

}  // namespace

std::string Wrap(const std::string& text, std::size_t columns) {
  std::istringstream words(text);
  std::string wrapped, word;
  std::size_t used = 0;
  while (words >> word) {
    const bool fits = used + 1 + word.size() <= columns;
    if (used > 0) wrapped += fits ? ' ' : '\n';
    used = used > 0 && fits ? used + 1 + word.size() : word.size();
    wrapped += word;
  }
  return wrapped;
}

HelpFormatter::HelpFormatter() {
  column_width(kNameColumns);
  label("Positionals", "Input");
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string) const {
  const std::string& name = app->get_name();
  if (name == "apply") return "Usage: segment apply --model FILE INPUT... [options]\n";
  if (name == "sample") return "Usage: segment sample MODEL [options]\n";
  if (name == "stats") return "Usage: segment stats --model FILE INPUT... -o FILE [options]\n";
  if (name == "merge") return "Usage: segment merge STATS... -o FILE [options]\n";
  if (name == "update") return "Usage: segment update MODEL INPUT... -o FILE [options]\n";
  return "Usage: segment INPUT... [-k N] [-o DIR] [options]\n"
         "       segment apply --model FILE INPUT... [-o DIR] [options]\n"
         "       segment sample MODEL [-n N] [-o FILE] [options]\n"
         "       segment stats --model FILE INPUT... -o FILE [options]\n"
         "       segment merge STATS... -o FILE [options]\n"
         "       segment update MODEL INPUT... -o FILE [options]\n";
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  const std::string& placeholder = option->get_option_text();
  return placeholder.empty() ? "" : " " + placeholder;
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return Wrap(option->get_description(), kTextColumns);
}

const char* const kSegmentFooter =
    R"(Examples:
  segment photo.jpg -k 4
      Four classes by colour; masks, heatmaps and the model go into segmented/.
  segment photo.jpg -k 2:8
      The same with the best number of classes from two to eight.
  segment photo.jpg -k 6 --position 1 --write labels,probabilities -o out
      Six compact classes by colour and place; a mask and a 6-band TIFF go into out/.
  segment photos/ -k 4 -o classes
      Every image of the folder, with one model for all of them: a class has the
      same number and colour in each. classes/ mirrors the folder; a manifest
      says what became of each image, and --resume goes on where a run ended.
  segment "scans/*.tif" @more.txt -k 3 --match --model reference.gmm.json
      Each image by its own fit, its classes numbered as the reference's.

A file that is called as a command is (apply, sample, stats, merge, update) is written
with its folder, as in ./apply.

Exit codes:
  0  everything asked for was written
  1  processing or writing failed, of one image or of every one; nothing was
     written (if only stdout, or only the report of a folder, could not be written,
     the other files are complete and stay)
  2  a wrong option, a missing parent of the output folder, or outputs that exist
  3  of many images, some failed; the others are finished
  4  an input is missing, unreadable or truncated, or no image was found
  5  --memory is too little
  6  with --strict: written, but a fit did not converge, a component was dropped,
     or an image lies far from what its model was fitted to
  130, 143  interrupted; nothing unfinished was written)";

const char* const kApplyFooter =
    R"(Example:
  segment apply --model segmented/photo.gmm.json other.jpg
      Labels other.jpg with the classes of photo.jpg: same numbers, same colours.

Exit codes are those of segment --help.)";

const char* const kSampleFooter =
    R"(Example:
  segment sample segmented/photo.gmm.json -n 500 --seed 7 -o points.csv
      500 points of the mixture in the units of its features: a row each, with the
      class that it was drawn from, class by class. The same seed, the same points.

Exit codes are those of segment --help.)";

const char* const kStatsFooter =
    R"(Example:
  segment stats --model all.gmm.json photos/ -o photos.stats
      What the photos say of the model: all that the next step of EM needs of them,
      in one small file. Statistics of different images add up, on any machine.

Exit codes are those of segment --help.)";

const char* const kMergeFooter =
    R"(Example:
  segment merge here.stats there.stats -o all.stats
      The statistics of all the images together, to the last bit. Statistics of
      different models are refused, and so is an image that is in two of them.

Exit codes are those of segment --help.)";

const char* const kUpdateFooter =
    R"(Examples:
  segment update all.gmm.json here.stats there.stats -o next.gmm.json
      The model after one step of EM; its classes keep numbers, names and colours.
  segment update all.gmm.json new_photos/ -o next.gmm.json
      The same from images, whose statistics are taken first.

Exit codes are those of segment --help.)";

}  // namespace gmmseg::cli
