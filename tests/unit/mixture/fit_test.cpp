#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/fit.h>
#include <gmmseg/threads.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

#include "generated.h"

namespace gmmseg {
namespace {

constexpr CovarianceType kTypes[] = {CovarianceType::kFull, CovarianceType::kTied,
                                     CovarianceType::kDiagonal, CovarianceType::kSpherical};

bool IsSound(const FitResult& result) {
  Validate(result.model);
  return std::isfinite(result.log_likelihood) &&
         static_cast<int>(result.at_floor.size()) == result.model.num_components() &&
         static_cast<int>(result.history.size()) == result.iterations;
}

// Points that any program can make again: x = 4 (i mod 3) + sin(12.9898 i), y = cos(78.233 i) + (i
// mod 3 = 1), z = sin(i) + x/2.
Eigen::MatrixXd Formula(int n) {
  Eigen::MatrixXd rows(n, 3);
  for (int i = 0; i < n; ++i) {
    const double x = 4 * (i % 3) + std::sin(12.9898 * i);
    rows.row(i) << x, std::cos(78.233 * i) + (i % 3 == 1), std::sin(i) + x / 2;
  }
  return rows;
}

GaussianMixture FormulaStart(CovarianceType type) {
  GaussianMixture model;
  model.covariance_type = type;
  model.blocks = {{0, 3, 1.0}};
  model.weights = Eigen::Vector2d(0.5, 0.5);
  model.means = Eigen::MatrixXd{{0, 0, 0}, {6, 0, 3}};
  model.covariances.assign(2, 4 * Eigen::Matrix3d::Identity());
  return model;
}

}  // namespace

TEST_CASE("fit: twenty steps from one start equal scikit-learn's") {
  // scikit-learn 1.2.1 GaussianMixture(2, max_iter=20, tol=0, reg_covar=0, weights_init,
  // means_init, precisions_init) on Formula(1000): score(X), means_[0, 0], covariances_[1][2, 2]
  // (tied: [2, 2]; diag: [1, 2]; spherical: [1]).
  struct Expected {
    CovarianceType type;
    double log_likelihood, mean, covariance;
  };
  const Expected expected[] = {
      {CovarianceType::kFull, -4.59859335720526, -0.006422624714233569, 1.6698765817956696},
      {CovarianceType::kTied, -4.775563058955012, 0.21663510441997494, 1.32262253861835},
      {CovarianceType::kDiagonal, -5.14559480620899, -0.0038684160003322637, 1.6333461299963048},
      {CovarianceType::kSpherical, -5.413885399496373, 0.0050860153035739075, 2.2937359154938366}};
  for (const Expected& e : expected) {
    CAPTURE(std::string(ToString(e.type)));
    FitOptions options;
    options.start = FormulaStart(e.type);
    options.max_iterations = 20;
    options.tolerance = 0;
    const FitResult result = FitMixture(Samples::FromRows(Formula(1000)), options);
    CHECK(result.iterations == 20);
    CHECK(result.log_likelihood == doctest::Approx(e.log_likelihood).epsilon(1e-6));
    CHECK(result.model.means(0, 0) == doctest::Approx(e.mean).epsilon(1e-5));
    CHECK(result.model.covariances[1](2, 2) == doctest::Approx(e.covariance).epsilon(1e-5));
  }
}

TEST_CASE("fit: the log-likelihood never falls, whatever the covariance, the start and the floor") {
  const Samples samples = Samples::FromRows(Sample(RandomMixture(6, 3), 20000, 5).points);
  for (const CovarianceType type : kTypes) {
    for (const double floor : {0.0, 0.5}) {
      FitOptions options;
      options.num_components = 5;
      options.covariance_type = type;
      options.init = InitMethod::kRandom;
      options.restarts = 1;
      options.tolerance = 0;
      options.max_iterations = 60;
      if (floor > 0)
        options.floor = floor * (Eigen::Matrix3d::Identity() + 0.3 * Eigen::Matrix3d::Ones());
      const FitResult result = FitMixture(samples, options);
      REQUIRE(IsSound(result));
      REQUIRE(result.rescues.empty());
      double previous = result.initial_log_likelihood;
      for (const double value : result.history) {
        CHECK(value >= previous - 1e-6);
        previous = value;
      }
    }
  }
}

TEST_CASE("fit: recovers a mixture it was drawn from, by every initialisation") {
  const GaussianMixture truth =
      Reordered(RandomMixture(4, 3, 8), CanonicalOrder(RandomMixture(4, 3, 8)));
  const Samples samples = Samples::FromRows(Sample(truth, 60000, 5).points);
  for (const InitMethod init :
       {InitMethod::kAuto, InitMethod::kKMeans, InitMethod::kHierarchical, InitMethod::kRandom}) {
    CAPTURE(std::string(ToString(init)));
    FitOptions options;
    options.init = init;
    options.tolerance = 1e-7;
    const FitResult result = FitMixture(samples, options);
    CHECK(result.converged());
    CHECK((result.model.weights - truth.weights).cwiseAbs().maxCoeff() < 0.01);
    CHECK((result.model.means - truth.means).cwiseAbs().maxCoeff() < 0.06);
    for (int k = 0; k < 4; ++k)
      CHECK((result.model.covariances[k] - truth.covariances[k]).cwiseAbs().maxCoeff() < 0.12);
  }
}

TEST_CASE("fit: means and covariances come in the user's units, whatever they are") {
  const GaussianMixture truth = RandomMixture(2, 2, 3);
  const Eigen::MatrixXd points = Sample(truth, 20000, 5).points;
  FitOptions options;
  options.num_components = 2;
  const FitResult plain = FitMixture(Samples::FromRows(points), options);
  const Eigen::Vector2d scale(1e6, 1e-6), offset(3e7, -5);
  const Eigen::MatrixXd scaled = (points * scale.asDiagonal()).rowwise() + offset.transpose();
  const FitResult other = FitMixture(Samples::FromRows(scaled), options);
  CHECK(other.log_likelihood == doctest::Approx(plain.log_likelihood).epsilon(1e-4));
  const GaussianMixture back = ToStandardized(other.model, {offset, scale});
  CHECK((back.means - plain.model.means).cwiseAbs().maxCoeff() < 0.02);
}

TEST_CASE("fit: the same bits for 1, 2 and 7 threads and from run to run") {
  const Samples samples = Samples::FromRows(Sample(RandomMixture(4, 3), 30000, 5).points);
  const auto fit = [&](int threads) {
    ThreadLimit limit(threads);
    return FitMixture(samples, {});
  };
  const FitResult reference = fit(1);
  for (const int threads : {1, 2, 7}) {
    const FitResult result = fit(threads);
    CHECK(result.history == reference.history);
    CHECK(result.model.means == reference.model.means);
    CHECK(result.restart_log_likelihoods == reference.restart_log_likelihoods);
  }
}

TEST_CASE("fit: more restarts are never worse on the subsample, and the spread is told") {
  const Samples samples = Samples::FromRows(Sample(RandomMixture(8, 2), 10000, 5).points);
  FitOptions options;
  options.num_components = 8;
  options.restarts = 12;
  const FitResult result = FitMixture(samples, options);
  CHECK(result.restarts == 12);
  REQUIRE(result.restart_log_likelihoods.size() == 12);
  CHECK(std::is_sorted(result.restart_log_likelihoods.rbegin(),
                       result.restart_log_likelihoods.rend()));
  CHECK(result.restart_log_likelihoods.front() > result.restart_log_likelihoods.back() + 1e-4);
  CHECK(result.initial_log_likelihood ==
        doctest::Approx(result.restart_log_likelihoods.front()).epsilon(1e-4));
  options.restarts = 1;
  CHECK(result.restart_log_likelihoods.front() >=
        FitMixture(samples, options).restart_log_likelihoods.front());
}

TEST_CASE("fit: K is capped at the number of distinct points, which are then found exactly") {
  Eigen::MatrixXd rows(100, 2);
  for (int i = 0; i < 100; ++i) rows.row(i) << (i < 30 ? 10.0 : 200.0), (i < 30 ? 7.0 : 7.5);
  FitOptions options;
  options.num_components = 5;
  const FitResult result = FitMixture(Samples::FromRows(rows), options);
  REQUIRE(IsSound(result));
  CHECK(result.requested_components == 5);
  REQUIRE(result.model.num_components() == 2);
  CHECK(result.model.weights[0] == doctest::Approx(0.3));
  CHECK(result.model.means(0, 0) == doctest::Approx(10));
  CHECK(result.model.means(1, 1) == doctest::Approx(7.5));
  CHECK(result.at_floor == std::vector<bool>{true, true});
}

TEST_CASE("fit: rare points that no subsample holds do not cost components") {
  Eigen::MatrixXd rows(100000, 1);
  for (int i = 0; i < 100000; ++i) rows(i, 0) = i % 2 ? 200 : 10;
  rows(17, 0) = 60;
  rows(70001, 0) = 90;
  rows(99999, 0) = 120;
  rows(50000, 0) = 150;
  FitOptions options;
  options.num_components = 5;
  options.floor = Eigen::MatrixXd::Constant(1, 1, 1.0 / 12);
  const FitResult result = FitMixture(Samples::FromRows(rows), options);
  REQUIRE(IsSound(result));
  CHECK(result.num_distinct == 6);
  CHECK(result.model.num_components() == 5);
  options.num_components = 7;
  CHECK(FitMixture(Samples::FromRows(rows), options).model.num_components() == 6);
}

TEST_CASE("fit: an outlier in the first row costs nothing") {
  Eigen::MatrixXd rows(400, 1);
  for (int i = 0; i < 400; ++i) rows(i, 0) = i % 2 ? 10 : 0;
  for (const double outlier : {1e9, 1e100, -1e149}) {
    rows(0, 0) = outlier;
    FitOptions options;
    options.num_components = 3;
    const FitResult result = FitMixture(Samples::FromRows(rows), options);
    REQUIRE(IsSound(result));
    CHECK(result.num_samples == 400);
    if (outlier == 1e9) CHECK(result.model.num_components() == 3);
  }
  rows(0, 0) = 1e300;
  CHECK_THROWS_AS(Samples::FromRows(rows), ParameterError);
}

TEST_CASE("fit: the scale of the weights changes nothing") {
  const Eigen::MatrixXd rows = Sample(RandomMixture(2, 2), 500, 5).points;
  FitOptions options;
  options.num_components = 2;
  const FitResult plain = FitMixture(Samples::FromRows(rows), options);
  for (const double weight : {1e-300, 1e-25, 1e-3, 1e20, 1e300}) {
    const FitResult scaled =
        FitMixture(Samples::FromRows(rows, Eigen::VectorXd::Constant(500, weight)), options);
    CHECK(scaled.log_likelihood == doctest::Approx(plain.log_likelihood));
    CHECK(scaled.num_samples == doctest::Approx(500 * weight));
  }
}

TEST_CASE("fit: one component is left where every one holds next to nothing") {
  FitOptions options;
  options.start = RandomMixture(1, 2);
  options.start->weights = Eigen::VectorXd::Constant(20, 0.05);
  options.start->means = options.start->means.row(0).replicate(20, 1).eval();
  options.start->covariances.resize(20, options.start->covariances[0]);
  options.max_rescues = 0;
  const FitResult result = FitMixture(Samples::FromRows(Eigen::MatrixXd::Ones(1, 2)), options);
  CHECK(IsSound(result));
  CHECK(result.model.num_components() == 1);
}

TEST_CASE("fit: a start with an absent component becomes a sound model, or stays as it is") {
  const Samples samples = Samples::FromRows(Formula(3000));
  FitOptions options;
  for (const CovarianceType type : kTypes) {
    options.start = FormulaStart(type);
    options.start->weights << 1, 0;
    options.max_iterations = 300;
    CHECK(IsSound(FitMixture(samples, options)));
    options.max_iterations = 0;
    CHECK(FitMixture(samples, options).model.weights == options.start->weights);
  }
}

TEST_CASE("fit: acceleration climbs as high in fewer looks, and never down") {
  // Two clouds that overlap so much that EM crawls.
  GaussianMixture truth = RandomMixture(3, 2, 5);
  truth.means *= 0.4;
  const Samples samples = Samples::FromRows(Sample(truth, 20000, 5).points);
  FitOptions options;
  options.start = RandomMixture(3, 2, 6);
  options.tolerance = 1e-7;
  options.max_iterations = 5000;
  const FitResult fast = FitMixture(samples, options);
  options.acceleration = Acceleration::kOff;
  const FitResult slow = FitMixture(samples, options);
  CHECK(fast.converged());
  CHECK(2 * fast.iterations < slow.iterations);
  CHECK(fast.log_likelihood >= slow.log_likelihood - 1e-4);
  double previous = fast.initial_log_likelihood;
  for (const double value : fast.history) {
    CHECK(value >= previous - 1e-6);
    previous = value;
  }
}

TEST_CASE("fit: coarse to fine comes as high in a third of the iterations on all samples") {
  GaussianMixture truth = RandomMixture(4, {{0, 3, 1.0}, {3, 2, 1.0}}, 7);
  truth.means *= 0.6;
  const Samples samples = Samples::FromRows(Sample(truth, 600000, 7).points);
  FitOptions options;
  options.start = RandomMixture(4, truth.blocks, 8);
  const FitResult at_once = FitMixture(samples, options);
  options.coarse_to_fine = CoarseToFine::kOn;
  const FitResult fine = FitMixture(samples, options);
  CHECK(fine.converged());
  CHECK(3 * fine.iterations < at_once.iterations);
  CHECK(fine.initial_log_likelihood == at_once.initial_log_likelihood);
  CHECK(fine.log_likelihood >= at_once.log_likelihood - 1e-4);
  // The end of one fit is the start of the next: no subsample may lead below it.
  options.start = at_once.model;
  CHECK(FitMixture(samples, options).log_likelihood >= at_once.log_likelihood - 1e-7);
}

TEST_CASE("fit: the trace leads from the start to the model, at the likelihoods of the history") {
  const Samples samples = Samples::FromRows(Formula(1000));
  FitOptions options;
  options.start = FormulaStart(CovarianceType::kFull);
  options.tolerance = 0;
  options.max_iterations = 50;
  CHECK(FitMixture(samples, options).trace.empty());
  for (const int length : {1, 2, 8, 200}) {
    CAPTURE(length);
    options.trace_length = length;
    const FitResult fit = FitMixture(samples, options);
    REQUIRE(!fit.trace.empty());
    CHECK(std::ssize(fit.trace) <= length);
    CHECK(fit.trace.back().iteration == 50);
    CHECK(fit.trace.back().model.means == fit.model.means);
    if (length > 1) {
      CHECK(fit.trace.front().iteration == 0);
      CHECK(fit.trace.front().model.means.isApprox(options.start->means, 1e-6));
    }
    for (const TracePoint& point : fit.trace) {
      if (point.iteration == 0) continue;
      FitOptions look;
      look.start = point.model;
      look.max_iterations = 0;
      CHECK(FitMixture(samples, look).log_likelihood ==
            doctest::Approx(fit.history[point.iteration - 1]).epsilon(1e-6));
    }
  }
  options.trace_length = 200;
  CHECK(FitMixture(samples, options).trace.size() == 51);
}

TEST_CASE("fit: a trace keeps to the components that were left") {
  // Two of four components start at one place far from all points, and are lost.
  const Samples samples = Samples::FromRows(Formula(1000));
  FitOptions options;
  options.start = FormulaStart(CovarianceType::kFull);
  GaussianMixture& start = *options.start;
  start.weights = Eigen::Vector4d::Constant(0.25);
  start.means = Eigen::MatrixXd{{0, 0, 0}, {6, 0, 3}, {1e4, 0, 0}, {0, 1e4, 0}};
  start.covariances.assign(4, 4 * Eigen::Matrix3d::Identity());
  options.max_rescues = 0;
  options.trace_length = 50;
  const FitResult fit = FitMixture(samples, options);
  REQUIRE(fit.model.num_components() < 4);
  REQUIRE(!fit.trace.empty());
  CHECK(fit.trace.back().model.means == fit.model.means);
  for (const TracePoint& point : fit.trace)
    CHECK(point.model.num_components() == fit.model.num_components());
}

TEST_CASE("fit: nasty data give sound models") {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<std::pair<std::string, Eigen::MatrixXd>> cases;
  cases.emplace_back("one point", Eigen::MatrixXd::Constant(1, 3, 4));
  cases.emplace_back("flat", Eigen::MatrixXd::Constant(500, 3, -7e20));
  cases.emplace_back("zero", Eigen::MatrixXd::Zero(500, 1));
  cases.emplace_back("as many components as points", Eigen::MatrixXd::Random(5, 2));
  cases.emplace_back("one more point than components", Eigen::MatrixXd::Random(6, 2));
  cases.emplace_back("huge", Eigen::MatrixXd::Random(300, 2) * 1e30);
  cases.emplace_back("tiny", Eigen::MatrixXd::Random(300, 2) * 1e-30);
  cases.emplace_back("identical features", Eigen::VectorXd::Random(400).replicate(1, 3));
  Eigen::MatrixXd m = Eigen::MatrixXd::Random(400, 2);
  m.row(100) << 1e12, -1e12;
  cases.emplace_back("one outlier", m);
  m = Eigen::MatrixXd::Random(400, 2);
  m.topRows(390).setConstant(3);
  cases.emplace_back("almost flat", m);
  m = Eigen::MatrixXd::Random(400, 2);
  m.topRows(200).setConstant(std::nan(""));
  m(300, 1) = inf;
  cases.emplace_back("half NaN", m);
  m = Eigen::MatrixXd::Random(50, 2).replicate(20, 1);
  cases.emplace_back("duplicates", m);
  for (const auto& [name, rows] : cases) {
    for (const CovarianceType type : kTypes) {
      for (const InitMethod init : {InitMethod::kAuto, InitMethod::kKMeans,
                                    InitMethod::kHierarchical, InitMethod::kRandom}) {
        CAPTURE(name);
        CAPTURE(std::string(ToString(type)));
        CAPTURE(std::string(ToString(init)));
        FitOptions options;
        options.num_components = 5;
        options.covariance_type = type;
        options.init = init;
        options.restarts = 3;
        CHECK(IsSound(FitMixture(Samples::FromRows(rows), options)));
      }
    }
  }
}

TEST_CASE(
    "fit: a component without samples is placed anew where the model fits worst, then dropped") {
  const GaussianMixture truth = RandomMixture(2, 2, 3);
  const Samples samples = Samples::FromRows(Sample(truth, 5000, 5).points);
  FitOptions options;
  GaussianMixture start = RandomMixture(3, 2, 3);
  start.means.row(2).setConstant(1e5);
  options.start = start;
  const FitResult rescued = FitMixture(samples, options);
  REQUIRE_FALSE(rescued.rescues.empty());
  CHECK_FALSE(rescued.rescues.front().dropped);
  CHECK(rescued.model.num_components() == 3);
  options.max_rescues = 0;
  const FitResult dropped = FitMixture(samples, options);
  REQUIRE(dropped.rescues.size() == 1);
  CHECK(dropped.rescues.front().dropped);
  CHECK(dropped.model.num_components() == 2);
  CHECK(dropped.requested_components == 3);
}

TEST_CASE("fit: every covariance respects the floor") {
  const Samples samples = Samples::FromRows(Sample(RandomMixture(4, 2), 5000, 5).points);
  FitOptions options;
  options.num_components = 6;
  options.floor = Eigen::Matrix2d{{0.5, 0.2}, {0.2, 0.4}};
  const FitResult result = FitMixture(samples, options);
  for (const Eigen::MatrixXd& covariance : result.model.covariances) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> slack(covariance - options.floor);
    CHECK(slack.eigenvalues().minCoeff() > -1e-9);
  }
}

TEST_CASE("fit: integer weights are repeated samples") {
  const Eigen::MatrixXd rows = Sample(RandomMixture(3, 2), 2000, 5).points;
  Eigen::VectorXd weights(2000);
  std::vector<Eigen::Index> repeated;
  for (int i = 0; i < 2000; ++i) {
    weights[i] = i % 3;
    for (int r = 0; r < i % 3; ++r) repeated.push_back(i);
  }
  FitOptions options;
  options.start = RandomMixture(3, 2);
  options.max_iterations = 15;
  options.tolerance = 0;
  const FitResult a = FitMixture(Samples::FromRows(rows, weights), options);
  const FitResult b = FitMixture(Samples::FromRows(rows(repeated, Eigen::all)), options);
  CHECK(a.num_samples == b.num_samples);
  CHECK(a.log_likelihood == doctest::Approx(b.log_likelihood).epsilon(1e-6));
  CHECK((a.model.means - b.model.means).cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("fit: a larger temper pulls classes together in the block") {
  // Two colours that interleave in space: with W the split goes from colour to position.
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  Eigen::MatrixXd rows(4000, 2);
  for (int i = 0; i < 4000; ++i)
    rows.row(i) << normal(random) + 2.5 * (i % 2), 10.0 * (i % 1000) / 1000;
  const auto spread = [&](double temper) {
    FitOptions options;
    options.num_components = 2;
    options.blocks = {{0, 1, 1.0}, {1, 1, temper}};
    return std::sqrt(FitMixture(Samples::FromRows(rows), options).model.covariances[0](1, 1));
  };
  CHECK(spread(0.0) > 2.5);
  CHECK(spread(5.0) < 2.0);
}

TEST_CASE("fit: options out of range are refused with the value and the rule") {
  const Samples samples = Samples::FromRows(Eigen::MatrixXd::Random(50, 2));
  const auto fit = [&](auto change) {
    FitOptions options;
    change(options);
    return FitMixture(samples, options);
  };
  CHECK_THROWS_WITH_AS(fit([](auto& o) { o.num_components = 0; }),
                       "num_components = 0; must be >= 1", ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.restarts = 0; }), ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.tolerance = -1; }), ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.tolerance = std::nan(""); }), ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.max_iterations = -1; }), ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.floor = Eigen::Matrix3d::Identity(); }), ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.blocks = {{0, 1, 1.0}}; }), ParameterError);
  CHECK_THROWS_AS(fit([](auto& o) { o.start = RandomMixture(2, 3); }), ParameterError);
  CHECK_THROWS_AS(FitMixture(Samples::FromRows(Eigen::MatrixXd::Constant(4, 2, std::nan(""))), {}),
                  ParameterError);
}

TEST_CASE("fit: progress is told after every iteration, and may stop the fit") {
  FitOptions options;
  std::vector<double> told;
  options.progress = [&](int iteration, double value) {
    if (iteration == 1) told.clear();  // another start
    told.push_back(value);
    CHECK(iteration == static_cast<int>(told.size()));
  };
  const Samples samples = Samples::FromRows(Sample(RandomMixture(4, 2), 5000, 5).points);
  options.start = RandomMixture(4, 2, 2);
  CHECK(FitMixture(samples, options).history == told);
  options.progress = [](int, double) { throw std::runtime_error("stop"); };
  CHECK_THROWS_WITH(FitMixture(samples, options), "stop");
}

}  // namespace gmmseg
