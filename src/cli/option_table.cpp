#include "cli/option_table.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "cli/common_options.h"
#include "cli/file_commands.h"
#include "cli/help.h"
#include "cli/option_facts.h"
#include "cli/settings.h"
#include "cli/values.h"

namespace gmmseg::cli {
namespace {

void DeclareWhat(CLI::App& app, Options& options) {
  Add(app, kWhat, "-k,--components", "N|A:B|auto",
      "Number of components, each of which is a class unless --classes merges them, 1 to 65535; "
      "or a range as in 2:8, of which every number is fitted, with all its restarts, so that the "
      "times add up, and the one of lowest BIC is kept, reckoned for the number of independent "
      "pixels that the image is worth. With --regions it is the size of the mixtures that regions "
      "are found by, at most 1024, and 40 where it is not given. A table says what every number "
      "gave, with --separate-"
      "models in the model files and --json alone. Default: auto, which is 1:8; or the number of "
      "--init-model, or that of --model with --match. Fewer come back where the image has fewer "
      "distinct colours.",
      [&](const std::string& word) {
        const std::variant<int, ComponentRange> components = ParseComponents(word);
        if (const int* const number = std::get_if<int>(&components))
          options.num_components = *number;
        else
          options.choose = std::get<ComponentRange>(components);
      });
  Add(app, kWhat, "--classes", "M",
      "Number of classes to merge the components to, 1 to that of -k: again and again the two "
      "whose union lowers the entropy of the posteriors most become one, so that components that "
      "overlap, and together model one group of pixels that is no Gaussian, make one class, and "
      "every output is of classes. --verbose and the model file tell the entropy at every number:"
      " stop where it has ceased to fall steeply. Not with --scribbles, --freeze, --match or "
      "--method kmeans. Default: each component is a class.",
      [&](const std::string& word) {
        options.segment.num_classes = static_cast<int>(ParseInteger(word, 1, kMostMerged));
      });
  Add(app, kWhat, "--preset", "t1|t2|flair|ct",
      "Segment a brain: cerebrospinal fluid, grey and white matter are classes 1, 2, 3, whatever "
      "the "
      "order of their intensities is in such an image; voxels may hold two of them, and a smooth "
      "field that makes the image uneven is found beside (see --bias). Probabilities are the "
      "shares "
      "that voxels are expected to hold. Neighbours have their say unless --smooth is off, and "
      "each "
      "image has a model of its own. Give the brain by --mask; without one the largest piece above "
      "the background is taken, which is no brain extraction. --covariance is tied, or full for "
      "a variance of each tissue. Default: none, a free mixture.",
      [&](const std::string& word) { options.tissues.emplace().preset = ParseTissuePreset(word); });
  Add(app, kWhat, "--bias", "MM|on|off",
      "With --preset: whether a smooth field that multiplies the tissues is looked for, and how "
      "far "
      "apart its knots are, 10 mm or more. Default: on, which is 50; off for ct.",
      [&](const std::string& word) {
        options.bias = word != "off";
        if (word != "on" && word != "off") options.bias_resolution = ParseResolution(word);
      });
  app.add_option(
         "--priors", options.tissue_maps,
         "With --preset: three files of the input's grid that tell how probable CSF, GM and WM "
         "are in each voxel, of any scale, as in: --priors csf.nii gm.nii wm.nii. They start "
         "the tissues and have their say in each voxel. For one input. Default: none.")
      ->expected(3)
      ->option_text(kFilesPlaceholder)
      ->type_name("value")
      ->group(kWhat);
  Add(app, kWhat, "--neighbours", "6|26",
      "With --preset: which voxels are neighbours, those that share a face, or an edge or a "
      "corner, "
      "too; each counts by one over its squared distance. Default: those that share a face.",
      [&](const std::string& word) { options.diagonal_neighbours = ParseNeighbours(word); });
  Add(app, kWhat, "--features", "SPACE[,texture]",
      "What a pixel's colour becomes: auto, gray, rgb, hsv, lab, luv, ycrcb or raw (every band as "
      "it is, whatever it means). lab is CIE L*a*b*, where equal distances look equally different. "
      "With texture, as in lab,texture, how much lightness varies around the pixel, at two scales, "
      "joins the colour; texture alone is auto,texture. Default: auto, which is lab for colour, "
      "gray for grey, raw for float grey and other numbers "
      "of bands.",
      [&](const std::string& words) {
        const FeatureSpec spec = ParseFeatures(words);
        options.color = spec.color;
        options.texture = spec.texture;
      });
  AddFlag(app, kWhat, "--log",
          "Take the natural logarithm of every band, ln(1 + v) of integers and ln v of floats, of "
          "which values that are not positive have none: they are no data. For bright scenes, "
          "where what counts is by how many times a band is brighter. Features are raw. Default: "
          "off.",
          [&options] { options.scale = BandScale::kLog; });
  Add(app, kWhat, "--pca", "N",
      "Take the first N principal components of the bands in place of them, 1 to the number of "
      "bands, each scaled to unit variance: for images of many bands, such as hyperspectral "
      "cubes. They are of all pixels that have data, of all images where a model is shared, and "
      "stand in the model, which takes them along. Features are raw. Default: the bands.",
      [&options](const std::string& word) {
        options.num_principal = static_cast<int>(ParseInteger(word, 1, 65535));
      });
  Add(app, kWhat, "--position", "W",
      "Weight of the pixel's place, >= 0. Default: 0, colour alone. Otherwise x and y (pixels) get "
      "a covariance block of their own in every class, and that block's log-density is multiplied "
      "by W: 1 is the plain product of a colour and a place density, larger W gives more compact "
      "classes. Where W is neither 0 nor 1 the model is no density, and BIC, AIC and ICL are left "
      "out.",
      [&](const std::string& word) { options.position_weight = ParseNonNegative(word); });
  Add(app, kWhat, "--missing", "skip|marginal",
      "What becomes of a pixel that lacks some of its bands (NaN, or the file's nodata value): "
      "skip gives it label 0; marginal lets it count by the bands that it has. marginal is for "
      "features that are one band each: --features raw. Default: skip, or that of --init-model.",
      [&](const std::string& word) { options.missing = ParseMissingValues(word); });
  Add(app, kWhat, "--weight-map", "FILE|DIR",
      "An image of one band and of the input's size that tells what each pixel counts for in the "
      "fit: 2 counts it twice, and a pixel of weight 0 is no data. Of many inputs, a file is for "
      "each of them, and a folder holds one for each: of the same path below the inputs' folder "
      "and the same name, whatever its extension. Default: none, every pixel counts as one.",
      [&](const std::string& word) { options.weight_map = word; });
  Add(app, kWhat, "--method", "METHOD",
      "How classes are found: gmm, a Gaussian mixture, or kmeans, where every pixel belongs to the "
      "class of the nearest mean, and all classes are balls of one size. Distances are those of "
      "the features as they are; with --position, x and y are scaled so that they vary as much as "
      "a colour feature does on average, and their squared distances count W times. kmeans takes a "
      "number of classes, and no --covariance. Default: gmm.",
      [&options](const std::string& word) { options.segment.fit.method = ParseFitMethod(word); });
  Add(app, kWhat, "--scribbles", "FILE|DIR",
      "An image of the input's size with strokes on pixels whose class is known: the value, or in "
      "an indexed PNG the index, is the class, and 0 is no stroke; a painted-over _labels.png will "
      "do. A class starts as the mean and the covariance of its strokes' pixels and keeps its "
      "number; classes without strokes are found as ever. All pixels then have their say, also "
      "those under strokes. Of many inputs, a file is for each of them, and a folder holds images "
      "of the same path and name, as of --weight-map: one for each input, or for a shared model at "
      "least one. Without -k there are as many classes as the largest number says. Default: none.",
      [&](const std::string& word) { options.scribbles = word; });
  AddFlag(app, kWhat, "--freeze",
          "Hold the means and the covariances of scribbled classes as they start, so that only "
          "the weights and the other classes are fitted; with --init-model, those of all classes. "
          "Default: off.",
          [&] { options.segment.fit.freeze = Freeze::kOn; });
  Add(app, kWhat, "--covariance", "TYPE",
      "Shape of the classes: full (any ellipsoid each), tied (one ellipsoid for all), diagonal "
      "(axes along the features) or spherical. Default: full, or that of --init-model.",
      [&](const std::string& word) { options.covariance_type = ParseCovarianceType(word); });
  Add(app, kWhat, "--shrinkage", "A|auto|off",
      "Draw the covariance of each component towards the one that all share at the start (an "
      "inverse Wishart prior, so that what EM climbs is the likelihood with it): that of a "
      "component of 1/K of the pixels by the share A, 0 to 1, of smaller ones more. auto draws as "
      "if each had seen it in as many independent pixels as four times the features. For many "
      "bands and few pixels. It is not taken from --init-model. Default: off.",
      [&options](const std::string& word) { options.segment.shrinkage = ParseShrinkage(word); });
}

// What is taken of the inputs, whatever is done with it.
void DeclareRead(CLI::App& app, Options& options) {
  app.add_option("--channels", options.read.channels,
                 "More files of the input's grid, whose bands follow the input's own, as in: "
                 "segment red.tif --channels green.tif nir.tif -k 5. For one input. Default: none.")
      ->option_text(kFilesPlaceholder)
      ->type_name("value")
      ->group(kRead);
  Add(app, kRead, "--select-bands", "LIST",
      "Bands to take, by number from 1, in this order, as in 4,3,2. They are no colours any more: "
      "their features are raw. Default: all.",
      [&options](const std::string& word) { options.read.bands = ParseBands(word); });
  Add(app, kRead, "--extent", "X,Y,W,H",
      "The part of each input to take: W x H pixels, of which the upper left one is at column X "
      "and row Y, from 0. Default: all of it.",
      [&options](const std::string& word) { options.read.extent = ParseExtent(word); });
  Add(app, kRead, "--mask", "FILE|DIR",
      "An image of one band and of the input's size that says what is segmented: what is 0 there "
      "is no data. Of a volume, a volume of its grid. Of many inputs, a file is for each of them, "
      "and a folder holds one for each: of the same path below the inputs' folder and the same "
      "name, whatever its extension. Default: none.",
      [&options](const std::string& word) { options.mask = word; });
}

// Of a model that is fitted and of one that is applied.
void DeclareSmooth(CLI::App& app, Options& options) {
  SmoothOptions& smooth = options.segment.smooth;
  Add(app, kWhat, "--smooth", "BETA|auto|off",
      "Let neighbouring pixels have a say in each other's class: labels, probabilities and "
      "uncertainty are then of the classes with their neighbours, and the model, densities and "
      "outliers stay as they are. guided smooths the probabilities but for the edges of the image; "
      "potts has neighbours want the same class, less so across edges, as strongly as the image's "
      "own classes suggest, which takes longer and is for much noise; a number > 0 is that "
      "strength itself. auto is what does best on photographs, guided; with --preset it has "
      "neighbours "
      "hold much the same, as strongly as the image suggests, and a number is that strength. "
      "Default: off; with --preset auto.",
      [&options, &smooth](const std::string& word) {
        ParseSmooth(word, smooth);
        options.smooth_given = true;
      });
  Add(app, kWhat, "--min-size", "N",
      "Give each connected piece of a class that has fewer than N pixels to the neighbouring class "
      "with which it shares the longest border, the smallest piece first; its probabilities stay. "
      "Also without --smooth. Default: 0.",
      [&smooth](const std::string& word) {
        smooth.min_size = ParseInteger(word, 0, std::int64_t{1} << 40);
      });
}

void DeclareStart(CLI::App& app, Options& options) {
  FitOptions& fit = options.segment.fit;
  CLI::Option* init = Add(
      app, kHow, "--init", "METHOD",
      "How a start is found: kmeans (k-means++ and Lloyd), hierarchical (Ward), random, or auto, "
      "which is kmeans and random in turn. "
      "Default: auto.",
      [&fit](const std::string& word) { fit.init = ParseInitMethod(word); });
  Add(app, kHow, "--init-model", "FILE",
      "Start from this model file; its number of classes, covariance type and features are taken. "
      "Default: none.",
      [&options](const std::string& word) { options.start_path = word; })
      ->excludes(init)
      ->excludes("--scribbles");
  Add(app, kHow, "--restarts", "N",
      "Starts tried on a subsample, 1 to 10000; the best is finished on every pixel. Default: 10, "
      "or with --init-model its one start.",
      [&options](const std::string& word) {
        options.restarts = static_cast<int>(ParseInteger(word, 1, 10000));
      });
}

void DeclareHow(CLI::App& app, Options& options) {
  FitOptions& fit = options.segment.fit;
  DeclareStart(app, options);
  Add(app, kHow, "--tolerance", "X",
      "Stop when the log-likelihood per pixel (natural logarithm) changes by less in one "
      "iteration, >= 0. Default: 1e-5. 0 stops only at --max-iterations.",
      [&fit](const std::string& word) { fit.tolerance = ParseNonNegative(word); });
  Add(app, kHow, "--max-iterations", "N",
      "Most EM iterations on every pixel, 0 to 1000000. Default: 300. 0 keeps the start.",
      [&fit](const std::string& word) {
        fit.max_iterations = static_cast<int>(ParseInteger(word, 0, 1000000));
      });
  Add(app, kHow, "--accelerate", "on|off",
      "Take longer steps where EM crawls (SQUAREM), if the likelihood does not fall; with "
      "--init-model and --position, climb on a part of a large image first. --tolerance 0 is plain "
      "EM in any case, and so is --preset, with which it does not go. Default: on; with --preset "
      "off.",
      [&options, &fit](const std::string& word) {
        fit.acceleration = ParseAcceleration(word);
        options.acceleration_given = true;
      });
  Add(app, kHow, "--full-passes", "N",
      "Of a raster that --memory does not hold and whose colours it does not hold, either, and of "
      "a model that is shared by images of which that is so: most steps of EM on all pixels, 0 to "
      "1000, after the fit to a sample of them, as long as one "
      "gains "
      "1e-4 per pixel. Each reads the raster once. Default: 3.",
      [&options](const std::string& word) {
        options.full_passes = static_cast<int>(ParseInteger(word, 0, 1000));
      });
  DeclareFloor(app, options);
  DeclareSeed(app, options);
}

void DeclareOut(CLI::App& app, Options& options, const std::string& default_set) {
  OutputOptions& output = options.output;
  Add(app, kOut, "-o,--output", "DIR",
      "Folder of the outputs. It is created if it is missing; its parent must exist. Default: "
      "segmented.",
      [&output](const std::string& word) { output.directory = word; });
  Add(app, kOut, "--write", "LIST",
      "Comma-separated: labels, overlay, heatmaps, uncertainty, model, probabilities, masks, "
      "density, anomalies, outliers, imputed, instability, convergence, report, of volumes "
      "volumes, of regions hierarchy, region-table, polygons, of --preset bias, restored; or all, "
      "which is those that can be given (see "
      "--position, --missing, --model, --restarts, --regions). Default: " +
          default_set +
          "; of volumes volumes, too, of many images report, too; of regions "
          "labels,overlay,region-table.",
      [&output](const std::string& word) { output.outputs = ParseOutputs(word); });
  Add(app, kOut, "--naming", "plain|bids",
      "What the files of a volume are called: plain, or bids, as BIDS names derivatives: of "
      "sub-01_T1w.nii.gz labels sub-01_dseg.nii.gz with .tsv and .json, probabilities "
      "sub-01_label-GM_probseg.nii.gz, a volume for each class, by its name, and masks likewise; "
      "and dataset_description.json in the folder. Default: plain.",
      [&output](const std::string& word) { output.naming = ParseNaming(word); });
  Add(app, kOut, "--depth", "TYPE",
      "Numbers in the probabilities' TIFF, if that is written: f32 (0 to 1), u16 (0 to 10000) or "
      "u8 (0 to 250). Default: f32.",
      [&output](const std::string& word) { output.depth = ParseDepth(word); });
  AddFlag(app, kOut, "--cog",
          "Write maps, which are what is written of georeferenced rasters, as Cloud-Optimised "
          "GeoTIFFs. Default: GeoTIFFs in tiles of 512 x 512.",
          [&output] { output.map_layout = MapLayout::kCloudOptimized; });
  Add(app, kOut, "--map-files", "one|tiles",
      "What a map is that is read and written part by part: one file, or tiles, files of 2048 x "
      "2048 pixels, larger where they would be more than 16384, in a folder STEM_tiles, and "
      "STEM_labels.vrt over them, which GDAL and QGIS open as one. Default: one; tiles of "
      "segment-mpi, whose ranks write them at the same time.",
      [&options](const std::string& word) { options.map_files = ParseMapFiles(word); });
  Add(app, kOut, "--anomaly-rate", "R",
      "Share of the training pixels that count as unlikely in the anomalies, and probability below "
      "which a pixel is an outlier, greater than 0 and less than 1. Default: 0.01.",
      [&output](const std::string& word) { output.anomaly_rate = ParseRate(word); });
  Add(app, kOut, "--slices", "middle|LIST",
      "Axial slices of a volume to draw the overlay of, by number from 1 in the file's order, as "
      "in "
      "40,60,80, each a picture; or the middle one of those with labels. Default: middle.",
      [&output](const std::string& word) { output.slices = ParseSlices(word); });
  Add(app, kOut, "--display-window", "CENTRE,WIDTH",
      "Values that pictures show, in the image's units, as in 40,80 for a brain in Hounsfield "
      "units: black up to CENTRE - WIDTH/2, white from CENTRE + WIDTH/2, WIDTH > 0. Of overlay, "
      "report and convergence alone; the segmentation stays as it is. Default: colours and grey "
      "integers as they are, bands and floats from the 2nd to the 98th percentile.",
      [&output](const std::string& word) { output.display_window = ParseDisplayWindow(word); });
  Add(app, kOut, "--class-names", "FILE",
      "Names of the classes, and colours: a CSV file with the columns class, name and, where it is "
      "wanted, color (#rrggbb). The model file, masks, overlay and --json take them; a class that "
      "is not in it keeps its own. Default: none.",
      [&options](const std::string& word) { options.names_path = word; });
  AddFlag(app, kOut, "--overwrite",
          "Replace existing outputs, and remove those of an earlier run on the same input that "
          "this run makes stale. Default: existing outputs are an error.",
          [&output] { output.existing = ExistingOutputs::kOverwrite; });
}

void DeclareModels(CLI::App& app, Options& options) {
  CLI::Option* shared = AddFlag(
      app, kModels, "--shared-model",
      "Fit one mixture to all images together, so that a class has the same number, colour and "
      "meaning in every one of them. Default for folders and several files, for classes of models "
      "fitted one by one cannot be compared.",
      [&options] { options.source = ModelSource::kShared; });
  CLI::Option* match = AddFlag(
      app, kModels, "--match",
      "Fit each image by itself and give its classes the numbers, names and colours of the most "
      "similar ones of a reference: of --model, or of the shared model. For images whose light or "
      "exposure changes. Default: off.",
      [&options] { options.source = ModelSource::kMatched; });
  CLI::Option* separate =
      AddFlag(app, kModels, "--separate-models",
              "Fit each image by itself; class 1 of one has nothing to do with class 1 of another. "
              "Default for one file.",
              [&options] { options.source = ModelSource::kSeparate; });
  match->excludes(shared)->excludes(separate);
  separate->excludes(shared);
}

// What only a run over many images needs; given for one file, it is run as a folder is.
void DeclareFolder(CLI::App& app, Options& options) {
  DeclareRecursive(app, options);
  CLI::Option* resume = AddFlag(
      app, kFolders, "--resume",
      "Go on with an earlier run over a folder: what is done with the same input and the same "
      "settings stays, and so does the shared model, also when files were added. Or with one over "
      "a raster that memory does not hold, part by part. Default: off.",
      [&options] { options.earlier = EarlierRun::kResume; });
  AddFlag(app, kFolders, "--refit", "As --resume, but fit the shared model anew. Default: off.",
          [&options] { options.earlier = EarlierRun::kRefit; })
      ->excludes(resume);
  AddFlag(app, kFolders, "--fail-fast",
          "Stop at the first image that fails. Default: the others are finished.",
          [&options] { options.on_failure = OnFailure::kStop; });
  AddFlag(app, kFolders, "--dry-run",
          "Say what would be done: images, files, memory. Write nothing. Default: off.",
          [&options] { options.action = Action::kPlan; });
  DeclareMemory(app, options);
}

void DeclareRun(CLI::App& app, Options& options) {
  DeclareThreads(app, options);
  AddFlag(app, kRun, "--strict",
          "Exit with 6 where everything was written, but a fit did not converge, a component was "
          "dropped, an image drifted (it lies far from what its model was fitted to), or another "
          "number of regions came back than was asked for. Default: off.",
          [&options] { options.strictness = Strictness::kFail; });
  DeclareJson(
      app, options,
      "Print one JSON document with everything about the run on stdout, in place of the line; "
      "of many images, one object on a line for each. Default: off.");
  CLI::Option* quiet = DeclareQuiet(app, options);
  app.add_flag_callback(
         "-v,--verbose", [&options] { options.verbosity = Verbosity::kVerbose; },
         "More about the run on stderr: its stages, also where that is no terminal; restarts, "
         "floor, seconds, threads, files. Default: off.")
      ->excludes(quiet)
      ->group(kRun);
  DeclareEnd(app);
}

}  // namespace

void Declaration::DeclareRegions() {
  CLI::Option* regions = Add(
      app, kWhat, "--regions", "N|auto",
      "Cut each image into connected regions in place of classes: N of them, but no more than one "
      "for some 257 pixels; or with no number, or auto, as many as there are at --level. A number "
      "right behind --regions is N, also if a file has that name. Colours, texture and the "
      "posteriors of mixtures say where regions end. Outputs: labels, overlay and region-table, "
      "and by --write heatmaps, masks, hierarchy and polygons. Default: none, classes.",
      [this](const std::string& word) {
        options.regions.emplace().num_regions = ParseRegions(word);
      });
  Add(app, kWhat, "--level", "T",
      "With --regions: neighbours are merged where they differ, and the border between them stands "
      "out, by less than T, > 0; a smaller T leaves more regions. Default: 1, which agrees best "
      "with how people segment photographs.",
      [this](const std::string& word) { level = ParsePositive(word); });
  const auto goes_with_regions = [](const CLI::Option& option) {
    constexpr std::string_view kNames[] = {"components", "seed", "regions", "level"};
    return std::ranges::find(kNames, option.get_single_name()) != std::end(kNames);
  };
  for (CLI::Option* option : app.get_options([&](const CLI::Option* each) {
         const std::string& group = each->get_group();
         const std::string name = each->get_single_name();
         return ((group == kWhat || group == kHow) && !goes_with_regions(*each)) ||
                group == kModels || name == "depth" || name == "naming" || name == "slices" ||
                name == "anomaly-rate" || name == "refit" || name == "class-names";
       }))
    option->excludes(regions);
}

CLI::App* Declaration::AddCommand(const std::string& name, const std::string& help,
                                  const char* footer) {
  CLI::App* command = app.add_subcommand(name, help + " (segment " + name + " --help).");
  command->formatter(std::make_shared<HelpFormatter>());
  command->footer(footer);
  command->group("Commands");
  return command;
}

Declaration::Declaration() {
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(kSegmentFooter);
  app.require_subcommand(0, 1);
  app.add_option(
         "INPUT", inputs,
         "Images, folders of images, quoted patterns (\"photos/*.jpg\") and @list.txt, a file of "
         "paths; a folder of DICOM slices is one. PNG, JPEG, BMP, WebP, PNM, a TIFF of any number "
         "of bands, DICOM, or whatever GDAL opens. Alpha 0, NaN, infinity and the file's nodata "
         "value are \"no data\".")
      ->option_text(" ");
  DeclareRead(app, options);
  DeclareWhat(app, options);
  DeclareHow(app, options);
  DeclareSmooth(app, options);
  Add(app, kModels, "--model", "FILE",
      "Apply this model file to every image and fit nothing; the same as segment apply. With "
      "--match: the reference. Default: none.",
      [this](const std::string& word) { options.model_path = word; })
      ->excludes("--init-model");
  DeclareModels(app, options);
  DeclareOut(app, options, "labels,overlay,heatmaps,uncertainty,model");
  DeclareRun(app, options);
  DeclareFolder(app, options);
  DeclareRegions();
  fit_only = app.get_options([](CLI::Option* option) {
    const bool smooths = option->check_lname("smooth") || option->check_lname("min-size");
    return (option->get_group() == kWhat || option->get_group() == kHow) && !smooths;
  });
  app.set_version_flag("--version", "segment " GMMSEG_VERSION, "Print the version and exit.")
      ->group(kRun);

  apply = AddCommand("apply", "Label an image by a model fitted before", kApplyFooter);
  apply
      ->add_option("INPUT", command_inputs,
                   "Images, folders, patterns and lists, as of segment, of the kind that the model "
                   "was fitted on.")
      ->option_text(" ");
  Add(*apply, kWhat, "--model", "FILE", "The model, a .gmm.json file. Required.",
      [this](const std::string& word) { options.model_path = word; });
  DeclareRead(*apply, options);
  DeclareSmooth(*apply, options);
  DeclareOut(*apply, options, "labels,overlay,heatmaps,uncertainty");
  DeclareRun(*apply, options);
  DeclareFolder(*apply, options);

  sample = AddCommand("sample", "Draw points from a model, as CSV", kSampleFooter);
  DeclareSample(*sample, command_inputs, options);
  stats = AddCommand("stats", "Take the statistics of images at a model", kStatsFooter);
  DeclareStats(*stats, command_inputs, options);
  merge = AddCommand("merge", "Add statistics of different images", kMergeFooter);
  DeclareMerge(*merge, command_inputs, options);
  update = AddCommand("update", "Make one step of EM from statistics, from images, or both",
                      kUpdateFooter);
  DeclareUpdate(*update, command_inputs, options);
  eval = AddCommand("eval", "Score label maps against their truths", kEvalFooter);
  DeclareEval(*eval, command_inputs, options);
}

}  // namespace gmmseg::cli
