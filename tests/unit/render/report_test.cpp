#include "render/report.h"

#include <doctest/doctest.h>

namespace gmmseg {
namespace {

constexpr char kHostile[] = "</script><script>alert(1)</script><!--DATA-->\xff\".png";

PageFacts Facts(const std::string& title) {
  PageFacts facts;
  facts.title = title;
  facts.subject = "image " + title;
  facts.date = "2026-01-01 00:00 UTC";
  facts.settings = {{"k", "4"}};
  return facts;
}

// What the page's own script would parse.
ReportJson DataOf(const std::string& page) {
  const std::string start = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(start) + start.size();
  return ReportJson::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

}  // namespace

TEST_CASE("report: data that look like markup stay data") {
  PageFacts facts = Facts(kHostile);
  facts.warnings = {kHostile};
  const std::string page = ReportPage(facts);
  CHECK(page.find("alert(1)</script>") == std::string::npos);
  CHECK(page.find("<!--") == std::string::npos);
  const ReportJson data = DataOf(page);
  const std::string shown = data["title"];
  CHECK(shown.starts_with("</script><script>alert(1)</script><!--DATA-->"));
  CHECK(data["warnings"][0] == shown);
  CHECK(ViewScript({{"name", "</script>"}}).find('<') == std::string::npos);
}

TEST_CASE("report: a page carries its mark within the first bytes, and no other's") {
  for (const std::string title : {"photo.png", kHostile}) {
    const std::string head = ReportPage(Facts(title)).substr(0, kReportMarkBytes);
    CHECK(head.find(ReportMark("image " + title)) != std::string::npos);
    CHECK(head.find(ReportMark("image")) == std::string::npos);
  }
}

TEST_CASE("report: the same facts give the same page, which asks for nothing from a network") {
  const std::string page = ReportPage(Facts("photo.png"));
  CHECK(page == ReportPage(Facts("photo.png")));
  for (const std::string scheme : {"https:", "http:", "ws://", "wss://", "@import"}) {
    CAPTURE(scheme);
    std::size_t at = page.find(scheme);
    // The name of SVG's and HTML's namespace is no address.
    while (at != std::string::npos && page.compare(at, 18, "http://www.w3.org/") == 0)
      at = page.find(scheme, at + 1);
    CHECK(at == std::string::npos);
  }
}

TEST_CASE("report: so many models are kept on the way as the page and memory hold") {
  CHECK(TraceLength(4, 3, kPreviewOfOne) == 60);
  CHECK(TraceLength(4, 3, kPreviewOfMany) == 20);
  CHECK(TraceLength(5000, 3, kPreviewOfOne) == 4);
  CHECK(TraceLength(16, 200, kPreviewOfOne) == 6);
  CHECK(TraceLength(65535, 200, kPreviewOfOne) == 2);
}

}  // namespace gmmseg
