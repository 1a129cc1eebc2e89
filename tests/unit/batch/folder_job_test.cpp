#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/folder_job.h>
#include <gmmseg/image_io.h>
#include <gmmseg/inputs.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ordered_pipeline.h"
#include "batch/job_settings.h"
#include "batch/manifest.h"
#include "scratch_folder.h"

using namespace gmmseg;

namespace {

ImageRecord SomeRecord(const std::string& input) {
  ImageRecord record;
  record.input = input;
  record.hash = "fnv1a64:0123456789abcdef";
  record.settings = "s";
  record.status = ImageStatus::kDone;
  record.outputs = {input + "_labels.png"};
  record.seconds = 0.25;
  record.log_likelihood = -9.5;
  record.shares = {0.75, 0.25};
  record.drift = Drift{0.5, 0.125};
  record.match_confidence = 0.375;
  return record;
}

void CheckEqual(const ImageRecord& a, const ImageRecord& b) {
  CHECK(a.input == b.input);
  CHECK(a.hash == b.hash);
  CHECK(a.status == b.status);
  CHECK(a.outputs == b.outputs);
  CHECK(a.seconds == b.seconds);
  CHECK(a.message == b.message);
  CHECK(a.shares == b.shares);
  REQUIRE(a.drift.has_value() == b.drift.has_value());
  if (a.drift) CHECK(a.drift->unlikely_pixels == b.drift->unlikely_pixels);
  CHECK(a.match_confidence == b.match_confidence);
  CHECK(a.num_regions == b.num_regions);
  CHECK(a.all_components == b.all_components);
}

}  // namespace

TEST_CASE("manifest: records come back as they were, whatever bytes a name has; the last counts") {
  const ScratchFolder folder;
  const std::string names[] = {"a.png", "50%25.png", "new\nline.png", "\xff\xfe%.png",
                               "gr\xc3\xbcn.png"};
  {
    ManifestFile file(folder.path(), ManifestFile::Begin::kAnew);
    for (const std::string& name : names) file.Append(SomeRecord(name));
    ImageRecord failed = SomeRecord("a.png");
    failed.status = ImageStatus::kFailed;
    failed.outputs.clear();
    failed.message = "a.png: \"why\"\n";
    file.Append(failed);
    file.Append(ModelRecord{"hash", "k=4", {"odd"}});
  }
  const Manifest manifest = ReadManifest(folder.path()).value();
  REQUIRE(manifest.images.size() == std::size(names));
  for (const std::string& name : names)
    if (name != "a.png") CheckEqual(manifest.images.at(name), SomeRecord(name));
  CHECK(manifest.images.at("a.png").status == ImageStatus::kFailed);
  CHECK(manifest.images.at("a.png").message == "a.png: \"why\"\n");
  CHECK(manifest.models.at(0).settings == "k=4");
  CHECK(manifest.outputs.contains("a.png_labels.png"));
  ManifestFile(folder.path(), ManifestFile::Begin::kAnew);
  const Manifest anew = ReadManifest(folder.path()).value();
  CHECK(anew.images.empty());
  CHECK(anew.outputs == manifest.outputs);
}

TEST_CASE("manifest: a line that was cut off is left out, and the next one stands by itself") {
  const ScratchFolder folder;
  ManifestFile(folder.path(), ManifestFile::Begin::kAnew).Append(SomeRecord("a.png"));
  const std::string whole = folder.Read(kManifestName);
  for (std::size_t size = 0; size < whole.size(); size += 5) {
    folder.Write(kManifestName, whole.substr(0, size));
    CHECK(ReadManifest(folder.path()).value().images.empty());
    ManifestFile(folder.path(), ManifestFile::Begin::kGoOn).Append(SomeRecord("b.png"));
    const Manifest manifest = ReadManifest(folder.path()).value();
    CHECK(manifest.images.size() == 1);
    CHECK(manifest.images.contains("b.png"));
  }
}

TEST_CASE("manifest: one writer at a time, and no other file is taken for one") {
  const ScratchFolder folder;
  CHECK_FALSE(ReadManifest(folder.path()).has_value());
  {
    const ManifestFile first(folder.path(), ManifestFile::Begin::kAnew);
    CHECK_THROWS_WITH_AS(ManifestFile(folder.path(), ManifestFile::Begin::kGoOn),
                         doctest::Contains("another run"), ParameterError);
  }
  for (const std::string text :
       {"{}\n", "text\n", "[1]\n", "{\"format\":\"gmmseg-manifest\",\"version\":99}\n"}) {
    folder.Write(kManifestName, text);
    CHECK_THROWS_AS(ReadManifest(folder.path()), IoError);
    CHECK(OutputsOfManifest(folder.path()).empty());
  }
}

TEST_CASE("ordered pipeline: every result once and in order, few begun at a time") {
  for (const int window : {1, 3, 16}) {
    std::atomic<int> begun{0}, most{0};
    std::int64_t finished = 0;
    ForEachInOrder(
        100, window,
        [&](std::int64_t i) {
          const int now = ++begun;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          return i * i;
        },
        [&](std::int64_t i, std::int64_t square) {
          CHECK(i == finished++);
          CHECK(square == i * i);
          --begun;
          return Next::kGoOn;
        });
    CHECK(finished == 100);
    CHECK(most <= window);
  }
}

TEST_CASE("ordered pipeline: stops when told to, and lets exceptions of either side through") {
  std::int64_t last = -1;
  ForEachInOrder(
      1000, 4, [](std::int64_t i) { return i; },
      [&](std::int64_t i, std::int64_t) {
        last = i;
        return i == 10 ? Next::kStop : Next::kGoOn;
      });
  CHECK(last >= 10);
  CHECK(last < 20);
  const auto fail_at_5 = [](std::int64_t i) {
    if (i == 5) throw IoError(IoError::Operation::kRead, "five");
    return std::vector<double>(1000, 1.0);
  };
  const auto go_on = [](std::int64_t, auto&) { return Next::kGoOn; };
  CHECK_THROWS_AS(ForEachInOrder(100, 4, fail_at_5, go_on), IoError);
  const auto fail = [](std::int64_t, auto&) -> Next { throw InternalError("end"); };
  CHECK_THROWS_AS(ForEachInOrder(
                      100, 4, [](std::int64_t i) { return i; }, fail),
                  InternalError);
}

TEST_CASE("settings: whatever changes a result changes the text, and the difference is told") {
  const SegmentOptions plain;
  SegmentOptions other = plain;
  other.fit.seed = 7;
  other.fit.num_components = 5;
  CHECK(SettingsDifference(FitSettingsText(plain), FitSettingsText(other)) ==
        "k=4 there, k=5 here; seed=0 there, seed=7 here");
  SegmentOptions named = plain, painted = plain;
  named.class_names = {{1, {"sky", {}}}};
  painted.class_names = {{1, {"sky", Rgb{1, 2, 3}}}};
  CHECK(SettingsDifference(FitSettingsText(plain), FitSettingsText(named))
            .starts_with("class_names=none there, class_names=fnv1a64:"));
  CHECK(FitSettingsText(named) != FitSettingsText(painted));
  FolderOptions one, two;
  two.output.depth = ProbabilityDepth::kUint8;
  CHECK(SettingsHash(one, "m") == SettingsHash(one, "m"));
  CHECK(SettingsHash(one, "m") != SettingsHash(two, "m"));
  CHECK(SettingsHash(one, "m") != SettingsHash(one, "n"));
  // A shared model says everything about the fit.
  two = one;
  two.segment = other;
  CHECK(SettingsHash(one, "m") == SettingsHash(two, "m"));
  // But nothing about smoothing, by which the model's own settings do not change.
  for (const auto& change : std::vector<std::function<void(SmoothOptions&)>>{
           [](SmoothOptions& o) { o.method = SmoothMethod::kGuided; },
           [](SmoothOptions& o) { o.method = SmoothMethod::kPotts; },
           [](SmoothOptions& o) { o.min_size = 7; }}) {
    FolderOptions smooth = one;
    change(smooth.segment.smooth);
    CHECK(SettingsHash(one, "m") != SettingsHash(smooth, "m"));
    CHECK(FitSettingsText(one.segment) == FitSettingsText(smooth.segment));
    FolderOptions stronger = smooth;
    stronger.segment.smooth.beta = 2;
    stronger.segment.smooth.min_size = 9;
    CHECK(SettingsHash(smooth, "m") != SettingsHash(stronger, "m"));
  }
  one.source = two.source = ModelSource::kMatched;
  CHECK(SettingsHash(one, "m") != SettingsHash(two, "m"));
}

TEST_CASE("a folder job without files reports every image in order, and writes one model") {
  const ScratchFolder folder;
  InputList inputs;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "null:" + std::to_string(8 + i) + "x6x1:u8";
    inputs.files.push_back({name, name, "", name});
  }
  FolderOptions options;
  options.segment.fit.num_components = 1;
  options.output.directory = (folder.path() / "out").string();
  options.output.outputs = {Output::kLabels, Output::kModel};
  std::vector<std::string> reported;
  const FolderResult result =
      RunFolderJob(inputs, options, {{}, [&](const ImageReport& report) {
                                       CHECK(report.record.status == ImageStatus::kDone);
                                       CHECK(report.result->model.inputs.empty());
                                       reported.push_back(report.file.name);
                                     }});
  REQUIRE(reported.size() == 9);
  for (int i = 0; i < 9; ++i) CHECK(reported[i] == inputs.files[i].name);
  CHECK(result.num_done == 9);
  CHECK(result.exact_model);
  CHECK(result.model->inputs.size() == 9);
  CHECK(boost::filesystem::exists(folder.path() / "out" / kSharedModelName));
}

TEST_CASE("a folder job whose images are refined in passes ends near the fit on all pixels") {
  const ScratchFolder folder;
  InputList inputs;
  inputs.files.push_back({"null:100x80x3:u8", "a", "", "a"});
  inputs.files.push_back({"null:60x80x3:u8", "b", "", "b"});
  FolderOptions options;
  options.segment.fit.num_components = 1;
  options.segment.features.position_weight = 1;
  options.output.directory = (folder.path() / "out").string();
  options.output.outputs = {Output::kModel};
  const FolderResult result = RunFolderJob(inputs, options);
  CHECK_FALSE(result.exact_model);
  // One component: the mean place of 100 x 80 and 60 x 80 pixels.
  const Eigen::RowVectorXd mean = result.model->mixture().means.row(0);
  CHECK(mean[mean.size() - 2] == doctest::Approx((100 * 49.5 + 60 * 29.5) / 160));
  CHECK(mean[mean.size() - 1] == doctest::Approx(39.5));
  CHECK(result.model->fit.num_samples == 160 * 80);
}

TEST_CASE("a file that vanishes between the fit and the labels fails alone, and is recorded") {
  const ScratchFolder folder;
  const std::vector<std::uint8_t> pixels(64 * 48, 9);
  InputList inputs;
  for (const std::string name : {"a", "b", "c"}) {
    const std::string path = (folder.path() / (name + ".png")).string();
    WriteGrayPng(path, 64, 48, pixels);
    inputs.files.push_back({path, name + ".png", "", name});
  }
  FolderOptions options;
  options.segment.fit.num_components = 1;
  options.output.directory = (folder.path() / "out").string();
  options.output.outputs = {Output::kLabels};
  const auto vanish = [&](const FolderProgress& progress) {
    if (progress.stage == FolderStage::kLabelling && progress.images_done == 0)
      boost::filesystem::remove(folder.path() / "b.png");
  };
  const FolderResult result = RunFolderJob(inputs, options, {vanish, {}});
  CHECK(result.num_done == 2);
  CHECK(result.num_failed == 1);
  const Manifest manifest = ReadManifest(folder.path() / "out").value();
  CHECK(manifest.images.at("b.png").message.find("no such file") != std::string::npos);
  CHECK(boost::filesystem::exists(folder.path() / "out" / "c_labels.png"));
  CHECK_FALSE(boost::filesystem::exists(folder.path() / "out" / "b_labels.png"));
}
