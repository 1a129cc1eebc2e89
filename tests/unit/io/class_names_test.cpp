#include <doctest/doctest.h>
#include <gmmseg/class_names_io.h>
#include <gmmseg/errors.h>

#include "base/random.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// The file is called "names.csv".
ClassNames Read(const std::string& text) {
  const TemporaryFolder folder;
  WriteAll(folder.File("names.csv"), ToBytes(text));
  return ReadClassNames(folder.File("names.csv"));
}

// What reading says after the file's name.
std::string Complaint(const std::string& text) {
  try {
    Read(text);
  } catch (const IoError& error) {
    CHECK(error.operation() == IoError::Operation::kRead);
    const std::string message = error.what(), name = "names.csv, ";
    const std::size_t at = message.find(name);
    REQUIRE(at != std::string::npos);
    return message.substr(at + name.size());
  }
  return "";
}

const ClassNames kSkyAndSea = {{1, {"sky", {}}}, {4, {"sea", Rgb{0, 0x72, 0xb2}}}};

}  // namespace

TEST_CASE("class names: read in any order of lines and columns, other columns skipped") {
  CHECK(Read("class,name,color\n1,sky,\n4,sea,#0072b2\n") == kSkyAndSea);
  CHECK(Read("class,name,color\n4,sea,#0072B2\n1,sky,\n") == kSkyAndSea);
  CHECK(Read("share,color,name,class\n0.5,#0072b2,sea,4\nx,,sky,1\n") == kSkyAndSea);
  CHECK(Read("class,name\n65535,last\n") == ClassNames{{65535, {"last", {}}}});
  CHECK(Read("name,class\nsky,1\n") == ClassNames{{1, {"sky", {}}}});
  CHECK(Read("class,name\n").empty());
}

TEST_CASE("class names: LF and CRLF, byte order mark, empty lines and a last line without end") {
  CHECK(Read("class,name,color\r\n1,sky,\r\n4,sea,#0072b2\r\n") == kSkyAndSea);
  CHECK(Read("\xEF\xBB\xBF"
             "class,name,color\n1,sky,\n4,sea,#0072b2") == kSkyAndSea);
  CHECK(Read("\n\r\nclass,name,color\n\n1,sky,\n\r\n4,sea,#0072b2\n\n\n") == kSkyAndSea);
  CHECK(Read("\xEF\xBB\xBF\"class\",\"name\"\r\n\"1\",\"sky\"") == ClassNames{{1, {"sky", {}}}});
}

TEST_CASE("class names: quoted fields hold commas, quotes and, where skipped, line ends") {
  CHECK(Read("class,note,name\n1,\"two\nlines\",\"a, \"\"b\"\"\"\n2,,\"\"\"\"\n") ==
        ClassNames{{1, {"a, \"b\"", {}}}, {2, {"\"", {}}}});
}

TEST_CASE("class names: a name is any text, verbatim") {
  for (const std::string name : {" padded ", "<b>tag</b>", "Straße 橋 🌲", "'", "=1+1", "\\n", "0"})
    CHECK(Read("class,name\n1," + name + "\n") == ClassNames{{1, {name, {}}}});
  std::string long_name;
  for (int i = 0; i < 200; ++i) long_name += "ü";
  CHECK(Read("class,name\n1," + long_name + "\n").at(1).name == long_name);
  CHECK(Complaint("class,name\n1," + long_name + "x\n") ==
        "line 2: name has 201 characters; must have at most 200");
}

TEST_CASE("class names: a header without the columns is refused") {
  const std::string no_class =
      "line 1: has no column class; the first line must name the columns, as in class,name,color";
  for (const std::string text : {"1,sky\n", "Class,Name\n", "class;name\n1;sky\n",
                                 "\xFF\xFE"
                                 "c"})
    CHECK(Complaint(text) == no_class);
  CHECK(Complaint("\n\n").starts_with("line 3: has no column class"));
  CHECK(Complaint("class,color\n").starts_with("line 1: has no column name"));
  for (const std::string column : {"class", "name", "color"})
    CHECK(Complaint("class,name,color," + column + "\n") ==
          "line 1: the column " + column + " stands there twice; take one away");
}

TEST_CASE("class names: a line of more or fewer fields than the header is refused") {
  CHECK(Complaint("class,name\n1,sky\n2,a,b\n") ==
        "line 3: has 3 fields; must have 2, as the first line");
  CHECK(Complaint("class,name,color\n\"\"\n").starts_with("line 2: has 1 fields; must have 3"));
}

TEST_CASE("class names: a class is a whole number from 1 to 65535, and named once") {
  for (const std::string word : {"", "0", "-1", "+1", "65536", "99999999999", "1.0", " 1", "one"})
    CHECK(Complaint("class,name\n" + word + ",sky\n") ==
          "line 2: class = \"" + word + "\"; must be a whole number from 1 to 65535");
  CHECK(Complaint("class,name\n3,sky\n1,sea\n3,sky\n") ==
        "line 4: class = 3 was named before; name it once");
}

TEST_CASE("class names: a name that is empty, no UTF-8 or has control characters is refused") {
  CHECK(Complaint("class,name\n1,\n") ==
        "line 2: name = \"\"; must not be empty: give one, or take the line away");
  CHECK(Complaint("class,name\n1,caf\xe9\n") ==
        "line 2: name = \"caf\xe9\"; must be UTF-8: save the file as that");
  for (const std::string& control :
       {std::string("\t"), std::string("\x1b"), std::string("\x7f"), std::string("\xc2\x85"),
        std::string("\n"), std::string("\r"), std::string(1, '\0')})
    CHECK(Complaint("class,name\n1,\"a" + control + "b\"\n")
              .starts_with("line 2: name must have no line end, tab or other control character; "
                           "take it out of \"a"));
}

TEST_CASE("class names: a colour that is none is refused") {
  for (const std::string word : {"red", "#fff", "0072b2", " "})
    CHECK(Complaint("class,name,color\n1,sky," + word + "\n") ==
          "line 2: colour = \"" + word +
              "\"; must be \"#\" and six hexadecimal digits, such as \"#0072b2\"");
}

TEST_CASE("class names: quotes out of place are refused, by the line where the record begins") {
  CHECK(Complaint("class,name\n1,5\" pipe\n") ==
        "line 2: a quote within \"5\" pipe\"; put the whole field in quotes, and write a quote "
        "within them twice");
  CHECK(Complaint("class,name\n1,\"a\"b\n") ==
        "line 2: text follows the closing quote of \"a\"; write a quote within quotes twice");
  CHECK(Complaint("class,name\n1,\"a\n\n2,b\n") ==
        "line 2: a quote is opened and never closed; close it");
  CHECK(Complaint("class,note,name\n1,\"a\nb\",c\n2,d,\n").starts_with("line 4: name = \"\""));
}

TEST_CASE("class names: a file that is missing, empty or a folder is refused with its name") {
  const TemporaryFolder folder;
  WriteAll(folder.File("empty"), {});
  for (const std::string& path : {folder.File("missing"), folder.File("empty"), folder.path()}) {
    CHECK_THROWS_AS(ReadClassNames(path), IoError);
    CHECK(MessageOf([&] { ReadClassNames(path); }).starts_with(path + ": "));
  }
}

TEST_CASE("class names: damaged files never do worse than throw") {
  const TemporaryFolder folder;
  const std::string whole = "class,name,color\r\n1,\"a, \"\"b\"\"\",\r\n2,ü,#0072b2\n";
  for (int copy = 0; copy < 2000; ++copy) {
    CAPTURE(copy);
    RandomStream random(7, copy);
    Bytes bytes = ToBytes(whole);
    for (int change = 0; change < 3; ++change)
      bytes[static_cast<std::size_t>(random.Uniform() * static_cast<double>(bytes.size()))] =
          static_cast<unsigned char>(random.Uniform() * 256);
    WriteAll(folder.File("damaged"), bytes);
    try {
      ReadClassNames(folder.File("damaged"));
    } catch (const IoError&) {
    }
  }
}

}  // namespace gmmseg
