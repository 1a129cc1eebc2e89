#include "render/svg_plot.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "render/encoding.h"
#include "render/feature_cloud.h"

namespace gmmseg {
namespace {

std::vector<std::string> TextsIn(const Range& range, int wanted, double smallest_step = 0) {
  std::vector<std::string> texts;
  for (const Tick& tick : TicksIn(range, wanted, smallest_step)) texts.push_back(tick.text);
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("ticks: round numbers in the range") {
  CHECK(TextsIn({0, 10}, 5) == Texts{"0", "2", "4", "6", "8", "10"});
  CHECK(TextsIn({-0.3, 0.21}, 5) == Texts{"\u22120.2", "0.0", "0.2"});
  CHECK(TextsIn({-9.93462, -9.93438}, 5) ==
        Texts{"\u22129.93460", "\u22129.93455", "\u22129.93450", "\u22129.93445", "\u22129.93440"});
  CHECK(TextsIn({0, 2}, 10, 1) == Texts{"0", "1", "2"});
}

TEST_CASE("ticks: few, whatever the range") {
  for (const Range range :
       {Range{7e8 - 700, 7e8 + 700}, Range{-1e30, 1e30}, Range{0, 1e-12}, Range{0.999, 9.999}}) {
    CHECK(TicksIn(range, 5).size() >= 2);
    CHECK(TicksIn(range, 5).size() <= 10);
  }
}

TEST_CASE("ranges: widened ones are never empty") {
  for (const double value : {0.0, 1.0, -7e8, 1e30, 1e-30}) {
    const Range range = Widened({value, value}, 0.1);
    CHECK(range.low < value);
    CHECK(range.high > value);
  }
  CHECK(Widened({0, 10}, 0.1).low == doctest::Approx(-1));
  CHECK(Widened({0, 1e-9}, 0.1, 1).length() == doctest::Approx(1));
}

TEST_CASE("numbers: as short as a tenth allows, with the sign of a text") {
  CHECK(Place(12) == "12");
  CHECK(Place(-0.04) == "0");
  CHECK(Place(3.46) == "3.5");
  CHECK(Decimal(-9.93444, 4) == "\u22129.9344");
  CHECK(Decimal(-0.00001, 4) == "0.0000");
}

TEST_CASE("xml: markup, bytes that are no UTF-8 and characters that XML has not") {
  CHECK(XmlEscaped("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(XmlEscaped("caf\u00e9 \U0001f600\t\n") == "caf\u00e9 \U0001f600\t\n");
  CHECK(XmlEscaped(std::string("a\0b\x1b", 4)) == "a\ufffdb\ufffd");
  CHECK(XmlEscaped("\xff") == "\ufffd");
  CHECK(XmlEscaped("\xc3") == "\ufffd");                                    // cut off
  CHECK(XmlEscaped("\xc0\xaf") == "\ufffd\ufffd");                          // "/" in two bytes
  CHECK(XmlEscaped("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");                // half a surrogate pair
  CHECK(XmlEscaped("\xef\xbf\xbf") == "\ufffd\ufffd\ufffd");                // U+FFFF
  CHECK(XmlEscaped("\xf4\x90\x80\x80").find('\xf4') == std::string::npos);  // beyond U+10FFFF
}

TEST_CASE("cloud: a sample is drawn as often as its weight says") {
  Eigen::MatrixXd rows(3, 1);
  rows << 1, 2, 3;
  const Samples samples = Samples::FromRows(rows, Eigen::Vector3d(1, 0, 3));
  const FeatureCloud cloud = CloudOf(samples, 400);
  REQUIRE(cloud.values.size() == 400);
  CHECK(cloud.colors.empty());
  CHECK(std::ranges::count_if(cloud.values, [](const auto& v) { return v[0] < 2; }) == 100);
  CHECK(std::ranges::count_if(cloud.values, [](const auto& v) { return v[0] > 2; }) == 300);
}

}  // namespace gmmseg
