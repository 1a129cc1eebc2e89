// Debian's GDCM asserts where a file is not as it expects, so all of it runs in a process of its
// own, see contained.h, and numbers alone come out of there: see DicomFacts.
#include <gdcmImageApplyLookupTable.h>
#include <gdcmImageReader.h>
#include <gdcmTransferSyntax.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <sstream>
#include <type_traits>
#include <utility>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/contained.h"
#include "io/dicom_decoder.h"

namespace gmmseg {
namespace {

constexpr char kMend[] = "; copy or export it again";
constexpr char kNoPixels[] =
    "is DICOM without an image, as reports and plans are, or cut off before it; give one with "
    "pixels";

enum class Answer : unsigned char { kPicture, kRefused, kTruncated, kNoImage };

// Why there is no picture, behind "file.dcm: ".
struct Refusal {
  std::string what;
  Answer kind = Answer::kRefused;
};

const gdcm::Tag kRows(0x0028, 0x0010), kColumns(0x0028, 0x0011), kSamples(0x0028, 0x0002),
    kPhotometric(0x0028, 0x0004), kPlanar(0x0028, 0x0006), kFrames(0x0028, 0x0008),
    kBitsAllocated(0x0028, 0x0100), kBitsStored(0x0028, 0x0101), kSigned(0x0028, 0x0103),
    kPadding(0x0028, 0x0120), kPaddingLimit(0x0028, 0x0121), kIntercept(0x0028, 0x1052),
    kSlope(0x0028, 0x1053), kDoseScaling(0x3004, 0x000e), kFrameOffsets(0x3004, 0x000c),
    kImageType(0x0008, 0x0008), kSeries(0x0020, 0x000e), kPatientId(0x0010, 0x0020),
    kPatientName(0x0010, 0x0010), kPosition(0x0020, 0x0032), kOrientation(0x0020, 0x0037),
    kSpacing(0x0028, 0x0030), kDetectorSpacing(0x0018, 0x1164), kThickness(0x0018, 0x0050),
    kSliceSpacing(0x0018, 0x0088), kPixelData(0x7fe0, 0x0010), kSharedGroups(0x5200, 0x9229),
    kFrameGroups(0x5200, 0x9230), kPlanePosition(0x0020, 0x9113), kPlaneOrientation(0x0020, 0x9116),
    kPixelMeasures(0x0028, 0x9110), kValueTransformation(0x0028, 0x9145);

// Texts are filled up to an even length.
std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.pop_back();
  return text;
}

std::string TextOf(const gdcm::DataSet& data, const gdcm::Tag& tag) {
  if (!data.FindDataElement(tag)) return "";
  const gdcm::ByteValue* const value = data.GetDataElement(tag).GetByteValue();
  if (!value) return "";
  return Trimmed({value->GetPointer(), value->GetLength()});
}

// Decimal strings: "0.5\0.5"; nothing where one of them is no finite number.
std::vector<double> NumbersOf(const std::string& text) {
  std::vector<double> numbers;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, '\\');) {
    const std::optional<double> number = NumberAtFront(part);
    if (!number || !std::isfinite(*number)) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<int> ShortOf(const gdcm::DataSet& data, const gdcm::Tag& tag) {
  if (!data.FindDataElement(tag)) return std::nullopt;
  const gdcm::ByteValue* const value = data.GetDataElement(tag).GetByteValue();
  std::uint16_t number = 0;
  if (!value || value->GetLength() < sizeof number) return std::nullopt;
  std::memcpy(&number, value->GetPointer(), sizeof number);
  return number;
}

std::uint64_t HashOf(const std::string& text) {
  StreamHash hash;
  hash.Add({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
  return hash.value();
}

// The data set that holds a frame's own values of a kind, or those of all frames.
class FrameGroups {
 public:
  explicit FrameGroups(const gdcm::DataSet& data)
      : data_(data), shared_(ItemsOf(data, kSharedGroups)), frames_(ItemsOf(data, kFrameGroups)) {}

  // `group` is where files of many frames have what stands at the top of others.
  std::vector<double> Numbers(std::int64_t frame, const gdcm::Tag& group,
                              const gdcm::Tag& tag) const {
    for (const auto& [items, index] : {std::pair{frames_, frame}, {shared_, std::int64_t{0}}}) {
      if (!items || index >= static_cast<std::int64_t>(items->GetNumberOfItems())) continue;
      const gdcm::DataSet& item = items->GetItem(index + 1).GetNestedDataSet();
      const gdcm::SmartPointer<gdcm::SequenceOfItems> inner = ItemsOf(item, group);
      if (!inner || inner->GetNumberOfItems() == 0) continue;
      const gdcm::DataSet& values = inner->GetItem(1).GetNestedDataSet();
      if (values.FindDataElement(tag)) return NumbersOf(TextOf(values, tag));
    }
    return NumbersOf(TextOf(data_, tag));
  }

 private:
  using Items = gdcm::SmartPointer<gdcm::SequenceOfItems>;

  static Items ItemsOf(const gdcm::DataSet& data, const gdcm::Tag& tag) {
    if (!data.FindDataElement(tag)) return nullptr;
    return data.GetDataElement(tag).GetValueAsSQ();
  }

  const gdcm::DataSet& data_;
  Items shared_, frames_;
};

template <std::size_t N>
bool Take(const std::vector<double>& numbers, std::array<double, N>& out) {
  if (numbers.size() != N) return false;
  std::ranges::copy(numbers, out.begin());
  return true;
}

void TakeOrientation(const FrameGroups& groups, DicomFacts& facts) {
  std::array<double, 6> cosines{};
  if (!Take(groups.Numbers(0, kPlaneOrientation, kOrientation), cosines)) return;
  const auto product = [&](int a, int b) {
    return cosines[a] * cosines[b] + cosines[a + 1] * cosines[b + 1] +
           cosines[a + 2] * cosines[b + 2];
  };
  constexpr double kRounding = 0.05;
  if (!(std::abs(product(0, 0) - 1) < kRounding && std::abs(product(3, 3) - 1) < kRounding &&
        std::abs(product(0, 3)) < kRounding))
    return;
  facts.has_orientation = true;
  std::copy_n(cosines.begin(), 3, facts.along_row.begin());
  std::copy_n(cosines.begin() + 3, 3, facts.along_column.begin());
}

void TakeSpacing(const FrameGroups& groups, DicomFacts& facts) {
  std::array<double, 2> rows_columns{};
  const bool is_given = Take(groups.Numbers(0, kPixelMeasures, kSpacing), rows_columns) ||
                        Take(groups.Numbers(0, kPixelMeasures, kDetectorSpacing), rows_columns);
  if (is_given && rows_columns[0] > 0 && rows_columns[1] > 0) {
    facts.has_spacing = true;
    facts.spacing = {rows_columns[1], rows_columns[0]};
  }
  for (const gdcm::Tag& tag : {kSliceSpacing, kThickness}) {
    const std::vector<double> spacing = groups.Numbers(0, kPixelMeasures, tag);
    if (spacing.size() != 1 || spacing[0] == 0) continue;
    facts.slice_spacing = std::abs(spacing[0]);
    return;
  }
}

// Where frames say where they lie: from the first to the last, which must be as far apart as all
// steps are.
void TakeStep(const FrameGroups& groups, DicomFacts& facts) {
  if (facts.num_frames < 2 || !facts.has_position) return;
  std::array<double, 3> last = facts.position;
  if (!Take(groups.Numbers(facts.num_frames - 1, kPlanePosition, kPosition), last)) return;
  for (int axis = 0; axis < 3; ++axis)
    facts.step[axis] =
        (last[axis] - facts.position[axis]) / static_cast<double>(facts.num_frames - 1);
  facts.has_step = std::hypot(facts.step[0], facts.step[1], facts.step[2]) > 0;
  if (!facts.has_step) return;
  for (std::int64_t f = 1; f < facts.num_frames; ++f) {
    std::array<double, 3> place{};
    if (!Take(groups.Numbers(f, kPlanePosition, kPosition), place)) continue;
    for (int axis = 0; axis < 3; ++axis)
      if (std::abs(place[axis] - facts.position[axis] - static_cast<double>(f) * facts.step[axis]) >
          0.05 * std::hypot(facts.step[0], facts.step[1], facts.step[2]))
        throw Refusal{
            Format("its frames do not lie one after another at even distances (frame "
                   "%lld); export them as a series of single slices",
                   static_cast<long long>(f + 1))};
  }
}

void TakeGeometry(const gdcm::DataSet& data, DicomFacts& facts) {
  const FrameGroups groups(data);
  facts.has_position = Take(groups.Numbers(0, kPlanePosition, kPosition), facts.position);
  TakeOrientation(groups, facts);
  TakeSpacing(groups, facts);
  TakeStep(groups, facts);
  const std::vector<double> offsets = NumbersOf(TextOf(data, kFrameOffsets));
  if (offsets.size() < 2 || offsets[1] == offsets[0]) return;
  facts.slice_spacing = offsets[1] - offsets[0];
  for (std::size_t f = 2; f < offsets.size(); ++f)
    if (!(std::abs(offsets[f] - offsets[f - 1] - facts.slice_spacing) <
          0.05 * std::abs(facts.slice_spacing)))
      throw Refusal{
          Format("its frames do not lie at even distances (frame %zu); export them as a "
                 "series of single slices",
                 f + 1)};
}

DicomColor ColorOf(const std::string& name) {
  if (name == "MONOCHROME1") return DicomColor::kInvertedGray;
  if (name == "MONOCHROME2" || name.empty()) return DicomColor::kGray;
  if (name == "PALETTE COLOR" || name == "RGB" || name == "YBR_RCT" || name == "YBR_ICT")
    return DicomColor::kRgb;
  if (name.starts_with("YBR_FULL")) return DicomColor::kYbr;
  // A damaged file may have any text here.
  const bool is_term =
      name == "HSV" || name == "ARGB" || name == "CMYK" || name.starts_with("YBR_PARTIAL_");
  throw Refusal{"its colours are " + (is_term ? name.substr(0, 16) : "of no known kind") +
                ", which cannot be read; export it as RGB or MONOCHROME2"};
}

void TakePadding(const gdcm::DataSet& data, DicomFacts& facts) {
  const std::optional<int> from = ShortOf(data, kPadding);
  if (!from || facts.samples() != 1) return;
  const auto stored = [&](int number) {
    return static_cast<std::int64_t>(facts.is_signed ? static_cast<std::int16_t>(number) : number);
  };
  facts.has_padding = true;
  const std::int64_t a = stored(*from), b = stored(ShortOf(data, kPaddingLimit).value_or(*from));
  facts.padding = {std::min(a, b), std::max(a, b)};
}

void CheckKind(const gdcm::DataSet& data) {
  const std::optional<int> rows = ShortOf(data, kRows), columns = ShortOf(data, kColumns);
  if (!rows || !columns) throw Refusal{kNoPixels, Answer::kNoImage};
  if (TextOf(data, kImageType).find("MOSAIC") != std::string::npos)
    throw Refusal{
        "is a Siemens mosaic, one picture of many slices; make a volume of it by dcm2niix"};
}

DicomFacts FactsOf(const gdcm::DataSet& data) {
  CheckKind(data);
  DicomFacts facts;
  facts.width = *ShortOf(data, kColumns);
  facts.height = *ShortOf(data, kRows);
  const std::string photometric = TextOf(data, kPhotometric);
  facts.color = ColorOf(photometric);
  facts.is_palette = photometric == "PALETTE COLOR";
  facts.is_planar = ShortOf(data, kPlanar) == 1;
  const std::vector<double> frames = NumbersOf(TextOf(data, kFrames));
  if (frames.size() == 1 && frames[0] >= 1 && frames[0] < 1e6)
    facts.num_frames = static_cast<std::int64_t>(frames[0]);
  facts.bits_allocated = ShortOf(data, kBitsAllocated).value_or(0);
  facts.bits_stored = ShortOf(data, kBitsStored).value_or(facts.bits_allocated);
  facts.is_signed = ShortOf(data, kSigned) == 1;
  TakePadding(data, facts);
  TakeGeometry(data, facts);
  facts.series = HashOf(TextOf(data, kSeries));
  const std::string id = TextOf(data, kPatientId);
  facts.patient = HashOf(id.empty() ? TextOf(data, kPatientName) : id);
  return facts;
}

std::vector<DicomRescale> RescaleOf(const gdcm::DataSet& data, const DicomFacts& facts) {
  const FrameGroups groups(data);
  const std::vector<double> dose = NumbersOf(TextOf(data, kDoseScaling));
  std::vector<DicomRescale> rescale(facts.num_frames);
  for (std::int64_t f = 0; f < facts.num_frames; ++f) {
    const std::vector<double> slope = groups.Numbers(f, kValueTransformation, kSlope);
    const std::vector<double> intercept = groups.Numbers(f, kValueTransformation, kIntercept);
    if (slope.size() == 1 && slope[0] != 0) rescale[f].slope = slope[0];
    if (intercept.size() == 1) rescale[f].intercept = intercept[0];
    if (dose.size() == 1 && dose[0] != 0) rescale[f].slope = dose[0];
  }
  return rescale;
}

std::string Read(const ImageSource& source) {
  return {reinterpret_cast<const char*>(source.bytes.data()), source.bytes.size()};
}

// A damaged header must not become an allocation.
void CheckSize(const ImageSource& source, const DicomFacts& facts) {
  const std::string size = Format("image size %lld x %lld", static_cast<long long>(facts.width),
                                  static_cast<long long>(facts.height));
  if (facts.width < 1 || facts.height < 1) throw Refusal{size + "; every dimension must be >= 1"};
  const double bytes = static_cast<double>(facts.width) * static_cast<double>(facts.height) *
                       static_cast<double>(facts.num_frames) * facts.samples() *
                       facts.bits_allocated / 8;
  if (bytes > static_cast<double>(MaxDecodedBytes(source)))
    throw Refusal{size + Format(" in %lld frames cannot come from a file of %lld bytes; its header "
                                "is damaged",
                                static_cast<long long>(facts.num_frames),
                                static_cast<long long>(source.file_size))};
}

// With how many bytes stand behind it.
std::pair<DicomPicture, std::size_t> ReadHeaderPart(const ImageSource& source) {
  std::istringstream stream(Read(source));
  gdcm::Reader reader;
  reader.SetStream(stream);
  const bool is_read = reader.ReadUpToTag(kPixelData, {kPixelData});
  const gdcm::DataSet& data = reader.GetFile().GetDataSet();
  const bool is_part = std::ssize(source.bytes) < source.file_size;
  // Of a part of the file, what was read is all only where something follows.
  const bool at_end = !stream || stream.peek() == std::istringstream::traits_type::eof();
  if (is_part && (!is_read || at_end)) throw Refusal{"", Answer::kTruncated};
  if (!is_read)
    throw Refusal{std::string("cannot be read (GDCM finds no sense in its header)") + kMend};
  DicomPicture picture{FactsOf(data), {}, {}};
  CheckSize(source, picture.facts);
  picture.rescale = RescaleOf(data, picture.facts);
  const std::size_t behind =
      at_end ? 0 : static_cast<std::size_t>(source.file_size - stream.tellg());
  return {std::move(picture), behind};
}

std::uint32_t LittleEndian(std::span<const unsigned char> bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

// Compressed pixels are items one after another: a mark and a length before each, another mark at
// their end. Decoders take what is left of a JPEG for the whole of it.
void CheckFragments(std::span<const unsigned char> bytes) {
  constexpr std::uint32_t kItem = 0xe000fffe;
  while (bytes.size() >= 8 && LittleEndian(bytes) == kItem) {
    const std::size_t length = LittleEndian(bytes.subspan(4));
    if (length > bytes.size() - 8)
      throw Refusal{Format("a part of its pixels takes %zu bytes, and %zu are there", length,
                           bytes.size() - 8),
                    Answer::kTruncated};
    bytes = bytes.subspan(8 + length);
  }
}

// GDCM 3.0 fills up what is missing, and gives wrong values of two kinds of files.
void CheckPixels(const gdcm::File& file, const DicomFacts& facts,
                 std::span<const unsigned char> behind) {
  const gdcm::DataSet& data = file.GetDataSet();
  if (!data.FindDataElement(kPixelData) && behind.empty())
    throw Refusal{kNoPixels, Answer::kNoImage};
  const gdcm::TransferSyntax& syntax = file.GetHeader().GetDataSetTransferSyntax();
  const bool is_wrong =
      (syntax == gdcm::TransferSyntax::RLELossless && facts.samples() > 1 &&
       facts.bits_allocated > 8) ||
      (syntax == gdcm::TransferSyntax::ExplicitVRBigEndian && facts.bits_allocated > 16);
  if (is_wrong)
    throw Refusal{
        Format("its pixels of %d bits cannot be decoded (transfer syntax ", facts.bits_allocated) +
        syntax.GetString() + "); export it as explicit little endian"};
  if (syntax.IsEncapsulated()) return CheckFragments(behind);
  if (syntax == gdcm::TransferSyntax::DeflatedExplicitVRLittleEndian) return;
  const bool is_halved = TextOf(data, kPhotometric) == "YBR_FULL_422";
  const double samples = is_halved ? 2 : facts.is_palette ? 1 : facts.samples();
  const double wanted = static_cast<double>(facts.width) * static_cast<double>(facts.height) *
                        static_cast<double>(facts.num_frames) * samples * facts.bits_allocated / 8;
  if (static_cast<double>(behind.size()) < std::floor(wanted))
    throw Refusal{Format("its pixels take %.0f bytes, and %zu are there", wanted, behind.size()),
                  Answer::kTruncated};
}

std::string SyntaxOf(const gdcm::File& file) {
  const char* const name = file.GetHeader().GetDataSetTransferSyntax().GetString();
  return name ? name : "an unknown one";
}

const gdcm::Image& Colored(const gdcm::Image& image, gdcm::ImageApplyLookupTable& filter) {
  filter.SetInput(image);
  filter.SetRGB8(true);
  if (!filter.Apply()) throw Refusal{std::string("its palette cannot be read") + kMend};
  return filter.GetOutput();
}

// What the decoded values are may not be what the header says.
void TakeFormat(const gdcm::Image& image, DicomFacts& facts) {
  const gdcm::PixelFormat& format = image.GetPixelFormat();
  const unsigned int* const size = image.GetDimensions();
  const std::int64_t frames = image.GetNumberOfDimensions() > 2 ? size[2] : 1;
  const int samples = format.GetSamplesPerPixel();
  if (size[0] != facts.width || size[1] != facts.height || frames != facts.num_frames ||
      samples != facts.samples())
    throw Refusal{Format("its pixels are %u x %u x %lld of %d, and its header says %lld x %lld x "
                         "%lld of %d",
                         size[0], size[1], static_cast<long long>(frames), samples,
                         static_cast<long long>(facts.width), static_cast<long long>(facts.height),
                         static_cast<long long>(facts.num_frames), facts.samples()) +
                  kMend};
  if (format.GetHighBit() + 1 != format.GetBitsStored())
    throw Refusal{
        Format("its values of %d bits end in bit %d, and not in the lowest; export it "
               "again",
               format.GetBitsStored(), format.GetHighBit() + 1)};
  facts.bits_allocated = format.GetBitsAllocated();
  facts.bits_stored = format.GetBitsStored();
  facts.is_signed = format.GetPixelRepresentation() == 1;
  facts.is_planar = image.GetPlanarConfiguration() == 1;
  facts.color = ColorOf(Trimmed(image.GetPhotometricInterpretation().GetString()));
}

DicomPicture ReadAll(const ImageSource& source) {
  auto [picture, bytes_behind] = ReadHeaderPart(source);
  DicomFacts& facts = picture.facts;
  std::istringstream stream(Read(source));
  gdcm::ImageReader reader;
  reader.SetStream(stream);
  const bool is_read = reader.Read();
  CheckPixels(reader.GetFile(), facts,
              source.bytes.last(std::min(source.bytes.size(), bytes_behind)));
  const std::string undecoded = "its pixels cannot be decoded (transfer syntax " +
                                SyntaxOf(reader.GetFile()) +
                                "); export it uncompressed, or copy it again";
  if (!is_read) throw Refusal{undecoded};
  gdcm::ImageApplyLookupTable filter;
  const gdcm::Image& image =
      facts.is_palette ? Colored(reader.GetImage(), filter) : reader.GetImage();
  picture.values.resize(image.GetBufferLength());
  if (!image.GetBuffer(reinterpret_cast<char*>(picture.values.data()))) throw Refusal{undecoded};
  TakeFormat(image, facts);
  return picture;
}

template <typename T>
std::span<const unsigned char> BytesOf(const T& value) {
  return {reinterpret_cast<const unsigned char*>(&value), sizeof value};
}

void Send(const ImageSource& source, DicomPart part, const EmitBytes& emit) {
  try {
    const DicomPicture picture =
        part == DicomPart::kAll ? ReadAll(source) : ReadHeaderPart(source).first;
    emit(BytesOf(Answer::kPicture));
    emit(BytesOf(picture.facts));
    for (const DicomRescale& rescale : picture.rescale) emit(BytesOf(rescale));
    emit(picture.values);
  } catch (const Refusal& refusal) {
    emit(BytesOf(refusal.kind));
    emit({reinterpret_cast<const unsigned char*>(refusal.what.data()), refusal.what.size()});
  }
}

template <typename T>
T TakeFront(std::span<const unsigned char>& bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() < sizeof(T)) throw InternalError("the answer about a DICOM file is too short");
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return value;
}

}  // namespace

DicomPicture DecodeDicom(const ImageSource& source, DicomPart part) {
  const std::optional<std::vector<unsigned char>> answer =
      RunContained([&](const EmitBytes& emit) { Send(source, part, emit); });
  if (!answer) ThrowDamaged(source, "DICOM", "GDCM gave up on it");
  std::span<const unsigned char> bytes = *answer;
  const auto kind = TakeFront<Answer>(bytes);
  if (kind != Answer::kPicture) {
    const std::string what(bytes.begin(), bytes.end());
    if (kind == Answer::kTruncated)
      ThrowTruncated(source, "DICOM", what.empty() ? "it ends before its pixels" : what);
    if (kind == Answer::kNoImage)
      throw NoDicomImage(IoError::Operation::kRead, source.path + ": " + what);
    throw IoError(IoError::Operation::kRead, source.path + ": " + what);
  }
  DicomPicture picture{TakeFront<DicomFacts>(bytes), {}, {}};
  for (std::int64_t f = 0; f < picture.facts.num_frames; ++f)
    picture.rescale.push_back(TakeFront<DicomRescale>(bytes));
  picture.values.assign(bytes.begin(), bytes.end());
  return picture;
}

}  // namespace gmmseg
