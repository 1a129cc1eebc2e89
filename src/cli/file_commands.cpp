#include "cli/file_commands.h"

#include "cli/common_options.h"
#include "cli/option_facts.h"
#include "cli/values.h"

namespace gmmseg::cli {
namespace {

constexpr const char* kJsonOfStats =
    "Print one JSON document about the run on stdout, in place of the line. Default: off.";

void DeclareMeasures(CLI::App& app, EvaluationOptions& evaluation) {
  Add(app, kHow, "--match-classes", "WORD",
      "What makes a class of the prediction that of the truth, for Dice, Jaccard and HD95: its "
      "number; its overlap, so that the matched ones share the most pixels in all; or none, which "
      "leaves these three out. Label 0 of the truth is no class. Default: number.",
      [&evaluation](const std::string& word) { evaluation.classes = ParseClassMatching(word); });
  AddFlag(
      app, kHow, "--pieces",
      "Take the connected pieces (of 4 neighbours) of each predicted class for regions of their "
      "own, by covering, PRI, VOI, ARI, NMI and accuracy; the other measures stay as they are. "
      "For maps of classes, against truths that are regions. Default: off.",
      [&evaluation] { evaluation.regions = PredictedRegions::kPieces; });
  Add(app, kHow, "--ignore-label", "N",
      "Leave out the pixels where the truth is this label, 0 to 65535. Default: none.",
      [&evaluation](const std::string& word) {
        evaluation.ignored_label = static_cast<std::uint16_t>(ParseInteger(word, 0, 65535));
      });
  Add(app, kHow, "--boundary-tolerance", "X",
      "How far boundary pixels that are matched may lie apart, in diagonals of the image, 0 to 1. "
      "Default: 0.0075.",
      [&evaluation](const std::string& word) { evaluation.boundary_tolerance = ParseShare(word); });
}

}  // namespace

void DeclareSample(CLI::App& app, std::vector<std::string>& models, Options& options) {
  app.add_option("MODEL", models, "The model, a .gmm.json file.")->option_text(" ");
  Add(app, kWhat, "-n,--points", "N", "Number of points, 0 to 100000000. Default: 1000.",
      [&options](const std::string& word) {
        options.num_points = ParseInteger(word, 0, 100000000);
      });
  DeclareSeed(app, options);
  DeclareOutputFile(app, options,
                    "The CSV file, written whole or not at all. Default: none, the points go to "
                    "stdout.");
  DeclareEnd(app);
}

void DeclareStats(CLI::App& app, std::vector<std::string>& inputs, Options& options) {
  app.add_option("INPUT", inputs,
                 "Images, folders, patterns and lists, as of segment, of the kind that the model "
                 "was fitted on. One that cannot be read is an error.")
      ->option_text(" ");
  Add(app, kWhat, "--model", "FILE",
      "The model that the statistics are taken at, a .gmm.json file. Required.",
      [&options](const std::string& word) { options.model_path = word; });
  DeclareOutputFile(app, options, "The statistics file, written whole or not at all. Required.");
  DeclareThreads(app, options);
  DeclareJson(app, options, kJsonOfStats);
  DeclareQuiet(app, options);
  DeclareEnd(app);
  DeclareRecursive(app, options);
  DeclareMemory(app, options);
}

void DeclareMerge(CLI::App& app, std::vector<std::string>& inputs, Options& options) {
  app.add_option("STATS", inputs,
                 "Statistics files, taken at one model, each image in one of them alone.")
      ->option_text(" ");
  DeclareOutputFile(app, options,
                    "The statistics file, written whole or not at all; it may be one of the "
                    "inputs. Required.");
  DeclareJson(app, options, kJsonOfStats);
  DeclareQuiet(app, options);
  DeclareEnd(app);
}

void DeclareUpdate(CLI::App& app, std::vector<std::string>& inputs, Options& options) {
  app.add_option("MODEL", options.model_path, "The model, a .gmm.json file.")->option_text(" ");
  app.add_option("INPUT", inputs,
                 "Statistics files that were taken at the model; and images, folders, patterns and "
                 "lists, as of segment, of which statistics are taken first.")
      ->option_text(" ");
  Add(app, kHow, "--tolerance", "X",
      "The model has converged where the step is known to raise the log-likelihood per pixel "
      "(natural logarithm) by less, >= 0. Default: 1e-5.",
      [&options](const std::string& word) {
        options.segment.fit.tolerance = ParseNonNegative(word);
      });
  DeclareFloor(app, options);
  DeclareOutputFile(app, options,
                    "The new model, written whole or not at all; it may be the old one's file. "
                    "Required.");
  DeclareThreads(app, options);
  AddFlag(app, kRun, "--strict",
          "Exit with 6 where the new model was written, but has not converged, or a class holds no "
          "pixel any more. Default: off.",
          [&options] { options.strictness = Strictness::kFail; });
  DeclareJson(app, options, kJsonOfStats);
  DeclareQuiet(app, options);
  DeclareEnd(app);
  DeclareRecursive(app, options);
  DeclareMemory(app, options);
}

void DeclareEval(CLI::App& app, std::vector<std::string>& predictions, Options& options) {
  app.add_option("PREDICTION", predictions,
                 "Label maps, PNG, TIFF or PGM; or folders of them, each of which is a setting. Of "
                 "a folder with files called as in photo_labels.png, these are taken.")
      ->option_text(" ");
  app.add_option(
         "--truth", options.truths,
         "Label maps: of one prediction all its truths, of several those of the same names, "
         "where several truths of one are called photo_1.png, photo_2.png and so on; or "
         "folders of them. Required.")
      ->option_text(kFilesPlaceholder)
      ->type_name("value")
      ->group(kWhat);
  DeclareMeasures(app, options.evaluation);
  DeclareOutputFile(app, options,
                    "The scores as a .csv file, a row for each setting and image, or as a .json "
                    "file with everything, written whole or not at all. Default: none.");
  DeclareThreads(app, options);
  DeclareJson(app, options,
              "Print everything as one JSON document on stdout, in place of the table: each truth, "
              "each class. Default: off.");
  DeclareQuiet(app, options);
  DeclareEnd(app);
}

}  // namespace gmmseg::cli
