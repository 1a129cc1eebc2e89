// The command line: its declaration is its help, and its result is one struct.
#pragma once

#include <gmmseg/evaluation.h>
#include <gmmseg/folder_job.h>
#include <gmmseg/inputs.h>
#include <gmmseg/job.h>

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace CLI {
class App;
}

namespace gmmseg::cli {

enum class Command { kSegment, kApply, kSample, kStats, kMerge, kUpdate, kEval };
enum class Verbosity { kQuiet, kNormal, kVerbose };
enum class ReportFormat { kLine, kJson };
enum class Strictness { kReport, kFail };
enum class Action { kWork, kPlan };

// Of kEval's output.
inline constexpr const char* kCsvExtension = ".csv";
inline constexpr const char* kJsonExtension = ".json";

struct Options {
  Command command = Command::kSegment;
  std::vector<std::string> inputs;     // as given; at least one, of kSample none
  bool one_file = true;                // else a folder job
  bool one_image = true;               // a job of one file but for --memory
  std::string model_path, start_path;  // of --model and --init-model; empty: none
  std::string names_path;              // of --class-names; empty: none
  std::string mask;                    // of --mask, a file or a folder; empty: none
  std::string weight_map;              // of --weight-map, likewise
  std::string scribbles;               // of --scribbles, likewise
  ReadOptions read;                    // of each input; channels of one file alone

  // What was given; where it was not, the start model decides, and without one the default.
  std::optional<int> num_components;
  std::optional<ComponentRange> choose;  // in place of num_components
  std::optional<ColorSpace> color;
  std::optional<Texture> texture;
  std::optional<double> position_weight;
  std::optional<MissingValues> missing;
  std::optional<BandScale> scale;
  std::optional<int> num_principal;
  std::optional<CovarianceType> covariance_type;
  std::optional<int> restarts;
  std::optional<TissueOptions> tissues;   // of --preset
  std::optional<bool> bias;               // of --bias, which
  std::optional<double> bias_resolution;  // may say a resolution, mm
  std::optional<bool> diagonal_neighbours;
  std::vector<std::string> tissue_maps;  // of --priors
  bool smooth_given = false;
  bool acceleration_given = false;

  SegmentOptions segment;                // everything else about the fit
  std::optional<RegionOptions> regions;  // in place of classes
  OutputOptions output;
  bool default_outputs = true;  // --write is not given
  std::optional<MapFiles> map_files;

  // Of folder jobs.
  Subfolders subfolders = Subfolders::kSkip;
  std::optional<ModelSource> source;
  EarlierRun earlier = EarlierRun::kRefuse;
  OnFailure on_failure = OnFailure::kGoOn;
  std::int64_t memory = 0;  // bytes; 0: not given
  int full_passes = 3;      // of a raster that memory does not hold
  Action action = Action::kWork;

  std::int64_t num_points = 1000;   // of kSample
  std::vector<std::string> truths;  // of kEval, as given
  EvaluationOptions evaluation;     // of kEval
  // Of the commands that write one file, with output.existing. Empty: stdout, of kSample and kEval
  // alone.
  std::string output_file;

  Strictness strictness = Strictness::kReport;
  std::optional<int> threads;  // of this process
  Verbosity verbosity = Verbosity::kNormal;
  ReportFormat report = ReportFormat::kLine;
};

// --help, --version or --dump-config: what to print on stdout instead of working.
struct Answer {
  std::string text;
};

// Throws ParameterError, with one line, for whatever is wrong with the words themselves.
std::variant<Options, Answer> ParseCommandLine(int argc, const char* const* argv);

// Shows the declaration itself, as the man page and the completion are made from it.
void ShowOptionTable(const std::function<void(CLI::App& segment)>& to);

}  // namespace gmmseg::cli
