#include "cli/man_page.h"

#include <gmmseg/errors.h>
#include <gmmseg/job.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>
#include <vector>

#include "cli/help.h"
#include "cli/option_facts.h"
#include "cli/settings.h"

namespace gmmseg::cli {
namespace {

std::string Bold(const std::string& roff) { return "\\fB" + roff + "\\fR"; }
std::string Italic(const std::string& roff) { return "\\fI" + roff + "\\fR"; }

// Signs that roff reads or prints as others.
std::string Escaped(const std::string& text) {
  constexpr std::string_view kSigns = "\\-^~`'";
  constexpr std::string_view kNames[] = {"\\e", "\\-", "\\(ha", "\\(ti", "\\(ga", "\\(aq"};
  std::string roff;
  for (const char c : text) {
    const std::size_t which = kSigns.find(c);
    roff += which == std::string_view::npos ? std::string(1, c) : std::string(kNames[which]);
  }
  return roff;
}

// A paragraph, options in bold. No line of it begins with roff's control signs.
std::string Prose(const std::string& text) {
  static const std::regex option("(^|[ (])(--[a-z-]*[a-z])");
  static const std::regex known_here(R"( \([^()]* here\))");
  const std::string portable = std::regex_replace(text, known_here, "");
  std::string roff;
  std::sregex_iterator found(portable.begin(), portable.end(), option), none;
  std::size_t at = 0;
  for (; found != none; ++found) {
    const auto begin = static_cast<std::size_t>(found->position(2));
    roff += Escaped(portable.substr(at, begin - at)) + Bold(Escaped(found->str(2)));
    at = begin + found->str(2).size();
  }
  return (text.front() == '.' ? "\\&" : "") + roff + Escaped(portable.substr(at)) + "\n";
}

std::string Item(const std::string& roff_term, const std::string& text) {
  return ".TP\n" + roff_term + "\n" + Prose(text);
}

std::string Heading(std::string title) {
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ".SH \"" + title + "\"\n";
}

// Options and fixed words in bold, what the user fills in in italics.
std::string UsageWord(const std::string& word) {
  const std::size_t begin = word.find_first_not_of('[');
  const std::size_t end = word.find_last_not_of(".]") + 1;
  const std::string core = word.substr(begin, end - begin);
  const bool is_placeholder =
      std::all_of(core.begin(), core.end(), [](unsigned char c) { return std::isupper(c) != 0; });
  const bool is_general = core == "options" && begin > 0;
  return word.substr(0, begin) +
         (is_general       ? core
          : is_placeholder ? Italic(core)
                           : Bold(Escaped(core))) +
         word.substr(end);
}

std::string Synopsis(const CLI::App& segment) {
  std::istringstream lines(HelpFormatter().make_usage(&segment, segment.get_name()));
  std::string roff = Heading("Synopsis") + ".nf\n", line, word;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    while (words >> word)
      if (word != "Usage:") roff += UsageWord(word) + " ";
    roff.back() = '\n';
  }
  return roff + ".fi\n";
}

std::string InputText(const CLI::App& table) {
  std::string roff;
  for (const CLI::Option* input :
       table.get_options([](const CLI::Option* each) { return each->get_positional(); }))
    roff += Item(Italic(input->get_name()), input->get_description());
  return roff;
}

std::string Term(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += Bold(Escaped("-" + name)) + ", ";
  names += Bold(Escaped("--" + option.get_single_name()));
  const std::string& placeholder = option.get_option_text();
  return placeholder.empty() ? names : names + " " + Italic(Escaped(placeholder));
}

std::string Options(const CLI::App& segment) {
  std::string roff = Heading("Options") + InputText(segment), group;
  for (const CLI::Option* option : ShownOptions(segment)) {
    if (option->get_group() != group) roff += ".SS " + option->get_group() + "\n";
    group = option->get_group();
    roff += Item(Term(*option), option->get_description());
  }
  return roff;
}

// The part of the help's footer under one of its headings. A line with an indent of two begins an
// item; what is indented more explains it.
struct FooterItem {
  std::string term;  // empty: a paragraph
  std::string text;
};
struct FooterSection {
  std::string title;
  std::vector<FooterItem> items;
};

void AddFooterLine(FooterSection& section, const std::string& line, std::size_t indent) {
  if (indent > 2 && !section.items.empty()) {
    std::string& text = section.items.back().text;
    text += (text.empty() ? "" : " ") + line.substr(indent);
    return;
  }
  if (indent == 0) {
    section.items.push_back({"", line});
    return;
  }
  const std::size_t end = std::min(line.find("  ", indent), line.size());
  const std::size_t text = std::min(line.find_first_not_of(' ', end), line.size());
  section.items.push_back({line.substr(indent, end - indent), line.substr(text)});
}

std::vector<FooterSection> FooterSections(const std::string& footer) {
  std::vector<FooterSection> sections;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos) continue;
    if (indent == 0 && line.back() == ':')
      sections.push_back({line.substr(0, line.size() - 1), {}});
    else if (!sections.empty())
      AddFooterLine(sections.back(), line, indent);
  }
  return sections;
}

std::string FooterItems(const FooterSection& section) {
  std::string roff;
  for (const FooterItem& item : section.items)
    roff +=
        item.term.empty() ? ".PP\n" + Prose(item.text) : Item(Bold(Escaped(item.term)), item.text);
  return roff;
}

// An option with the same words in both tables stands among the general ones.
bool IsCommon(const CLI::Option& option, const CLI::App& segment) {
  const CLI::Option* same = segment.get_option_no_throw(option.get_name());
  return same != nullptr && same->get_description() == option.get_description();
}

std::string Subcommand(const CLI::App& table, const CLI::App& segment) {
  std::string roff = Heading(segment.get_name() + " " + table.get_name());
  std::string common;
  roff += Prose(table.get_description()) + InputText(table);
  for (const CLI::Option* option : ShownOptions(table))
    if (IsCommon(*option, segment))
      common += (common.empty() ? "" : ", ") + option->get_name();
    else
      roff += Item(Term(*option), option->get_description());
  roff += ".PP\n" + Prose("These mean the same as above: " + common + ".");
  for (const FooterSection& section : FooterSections(table.get_footer()))
    roff += ".SS " + section.title + "\n" + FooterItems(section);
  return roff;
}

std::string Environment() {
  const std::string of_option = VariableName("max-iterations");
  return Heading("Environment") +
         Item(Bold("GMMSEG_") + Italic("OPTION"),
              "The option of that name: " + of_option + "=50 is --max-iterations 50, " +
                  VariableName("overwrite") +
                  "=true is --overwrite. The command line comes before it, the file of --config "
                  "after it.") +
         Item(Bold("GMMSEG_SIMD"),
              "The instruction set to compute with, for comparisons. --json tells which one was "
              "used; a wrong name is answered with those of this machine.");
}

std::string FilesOf(Output output) {
  switch (output) {
    case Output::kLabels:
      return "photo_labels.png: the class, or the region, of every pixel, an indexed PNG whose "
             "index is the label; "
             "0 is \"no data\". 16-bit grey where there are more than 255.";
    case Output::kOverlay:
      return "photo_overlay.png: the classes, or regions, and their boundaries over the image.";
    case Output::kHeatmaps:
      return "photo_heat_1.png and so on: the probability of each class, 0 to 1, as a picture; of "
             "each "
             "region, by what the pixel holds, wherever it lies.";
    case Output::kUncertainty:
      return "photo_uncertainty.png: the normalised entropy of those probabilities, 0 to 1.";
    case Output::kModel:
      return "photo.gmm.json: the fitted model with its class table, for --model and --init-model.";
    case Output::kProbabilities:
      return "photo_probs.tif: the probabilities as numbers, a band per class.";
    case Output::kMasks:
      return "photo_mask_1.png and so on: a black-and-white mask of each class or region.";
    case Output::kDensity:
      return "photo_density.tif: the log-density of every pixel under the model, natural "
             "logarithm, "
             "in the units of the features; NaN is \"no data\".";
    case Output::kAnomalies:
      return "photo_anomalies.png: an indexed PNG of 0 \"no data\", 1 usual, 2 unlikely (the "
             "log-density is at most that of the --anomaly-rate of the training pixels), 3 outlier "
             "(the tail probability is below --anomaly-rate), 4 both.";
    case Output::kOutliers:
      return "photo_outliers.tif: the tail probability of every pixel, 0 to 1: of the pixels of "
             "its "
             "most probable class, the share that lies as far from the class's mean or farther.";
    case Output::kImputed:
      return "photo_imputed.tif: with --missing marginal, the bands of the image as floats, and "
             "what "
             "was missing in one filled in with what the pixel's other bands let expect; NaN where "
             "there is no data at all.";
    case Output::kInstability:
      return "photo_instability.png: how many of the restarts give the pixel another class, 0 "
             "(none) "
             "to 1 (all), of those that were taken to their end, the better half.";
    case Output::kConvergence:
      return "photo_convergence.svg: a picture of the fit: the log-likelihood over the iterations, "
             "and the classes as ellipses among the pixels' colours, iteration by iteration.";
    case Output::kReport:
      return "report.html: a page that shows the image, its classes and the fit in any browser, "
             "without a network. Of many images one page for all, with photo_report.js and "
             "photo_report.jpg for each of them, which it needs beside it.";
    case Output::kHierarchy:
      return "photo_hierarchy.tif: with --regions, at every border the level at which it vanishes, "
             "as floats, and 0 elsewhere: the ultrametric contour map. Pixels of at least T are "
             "the "
             "borders of --level T.";
    case Output::kRegionTable:
      return "photo_regions.csv and photo_regions.json: with --regions, of each region the area, "
             "the centroid, the bounding box, the mean of every band and the neighbours; in "
             "pixels, "
             "the first of which has its centre at 0, 0; of a raster with a geotransform the "
             "centroid and the area on the map, too.";
    case Output::kPolygons:
      return "photo_regions.geojson: with --regions, the outlines of the regions along the sides "
             "of pixels: on the map where the raster has a geotransform and a reference system "
             "with a code, such as EPSG's, and else in pixels from the upper left corner.";
    case Output::kBias:
      return "photo_bias.tif, of a volume scan_bias.nii.gz: with --preset, the field that "
             "multiplies "
             "the tissues, 1 in the mean.";
    case Output::kRestored:
      return "photo_restored.tif, of a volume scan_restored.nii.gz: with --preset, the intensities "
             "without the field.";
    case Output::kVolumes:
      return "scan_volumes.csv: of volumes whose voxels have a size, of each class the voxels that "
             "carry its label, their volume in millilitres, and the same by the probabilities of "
             "all voxels.";
  }
  throw InternalError("an output without files");
}

std::string Files() {
  std::string roff =
      Heading("Files") +
      Prose("Written for photo.jpg into the folder of --output, by the words of --write:");
  for (const Output output : AllOutputs())
    roff += Item(Bold(std::string(ToString(output))), FilesOf(output));
  roff += ".PP\n" + Prose("Of many images, also:");
  roff += Item(Bold("gmmseg-manifest.jsonl"),
               "what became of each image, a JSON object on a line, written as it ends.");
  roff += Item(Bold("gmmseg-model.gmm.json"), "the model that all images share.");
  roff += Item(Bold("gmmseg-model_convergence.svg"), "the convergence of that model's fit.");
  return roff;
}

}  // namespace

std::string ManPage(const CLI::App& segment) {
  const std::vector<FooterSection> footer = FooterSections(segment.get_footer());
  const auto from_footer = [&footer](const std::string& title, const std::string& heading) {
    for (const FooterSection& section : footer)
      if (section.title == title) return Heading(heading) + FooterItems(section);
    throw InternalError("the help has no part \"" + title + ":\"");
  };
  std::string roff = ".TH SEGMENT 1 \"\" \"gmmseg " GMMSEG_VERSION "\" \"User Commands\"\n";
  roff += ".nh\n.ad l\n";  // names of options and files are not to be broken
  roff += Heading("Name") + "segment \\- divide images into classes by Gaussian mixtures\n";
  roff += Synopsis(segment) + Heading("Description") + Prose(segment.get_description());
  roff += Options(segment);
  for (const CLI::App* table : segment.get_subcommands({})) roff += Subcommand(*table, segment);
  roff += from_footer("Exit codes", "Exit status") + Environment() + Files();
  return roff + from_footer("Examples", "Examples");
}

}  // namespace gmmseg::cli
