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
  if (name == "eval") return "Usage: segment eval PREDICTION... --truth FILE... [options]\n";
  return "Usage: segment INPUT... [-k N] [-o DIR] [options]\n"
         "       segment apply --model FILE INPUT... [-o DIR] [options]\n"
         "       segment sample MODEL [-n N] [-o FILE] [options]\n"
         "       segment stats --model FILE INPUT... -o FILE [options]\n"
         "       segment merge STATS... -o FILE [options]\n"
         "       segment update MODEL INPUT... -o FILE [options]\n"
         "       segment eval PREDICTION... --truth FILE... [options]\n";
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
  segment photo.jpg --regions 20
      Twenty connected regions in place of classes, and a table of them.
  segment photo.jpg -k 6 --position 1 --write labels,probabilities -o out
      Six compact classes by colour and place; a mask and a 6-band TIFF go into out/.
  segment photos/ -k 4 -o classes
      Every image of the folder, with one model for all of them: a class has the
      same number and colour in each. classes/ mirrors the folder; a manifest
      says what became of each image, and --resume goes on where a run ended.
  segment "scans/*.tif" @more.txt -k 3 --match --model reference.gmm.json
      Each image by its own fit, its classes numbered as the reference's.

A file that is called as a command is (apply, sample, stats, merge, update, eval) is
written with its folder, as in ./apply.

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
     an image lies far from what its model was fitted to, or another number of
     regions came back than was asked for
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

const char* const kEvalFooter =
    R"(Measures:
  covering  how well the best region of the prediction covers each of the truth (0-1)
  PRI  probabilistic Rand index: pairs of pixels together or apart in both (0-1)
  VOI  variation of information, in bits (0 is best)
  ARI, NMI  Rand index adjusted for chance; normalised mutual information (1 is best)
  accuracy  pixels in regions that are matched one with one (0-1)
  F  boundary F: of precision and recall of boundary pixels matched one with one (0-1)
  Dice, Jaccard  overlap of classes, mean over the classes of truth or prediction (0-1)
  HD95  95th percentile of the distance of classes' surfaces, in pixels (0 is best)

Examples:
  segment eval segmented/photo_labels.png --truth annotator1.png annotator2.png
      One prediction against two truths.
  segment eval predictions/ --truth truths/
      Every label map of a folder; truths of 12.png are 12.png, or 12_1.png, 12_2.png ...
  segment eval k2/ k4/ k8/ --truth truths/ -o scores.csv
      Three settings: their scores, the best one for the set (ODS), and the best one
      for each image (OIS). "best" covers each region by the best of all settings.

Exit codes are those of segment --help.)";

}  // namespace gmmseg::cli
