// Bugs planted in a generated design: each must be caught, and found in the right layer.
// SPDX-License-Identifier: Apache-2.0
#include "compress/ir/atomic_write.hpp"
#include "compress/ir/error.hpp"
#include "tests/accept_images.hpp"
#include "tests/temporary_dir.hpp"
#include "tests/verif/fixture.hpp"

using namespace crosstwin;
using test::Fixture;

namespace {

// Replaces the last occurrence of `text` in a generated file.
void plant(const Fixture& fixture, const std::string& file, const std::string& text,
           const std::string& bug) {
  const auto path = fixture.dir / "rtl" / file;
  std::string content = ir::read_file(path);
  const size_t at = content.rfind(text);
  INFO(file << ": " << text);
  REQUIRE(at != std::string::npos);
  content.replace(at, text.size(), bug);
  ir::write_file(path, content);
}

// Inverts bits of word `index` of a memory image; `mask` reaches its low 8 bits.
void flip(const Fixture& fixture, const std::string& file, size_t index, int mask) {
  const auto path = fixture.dir / "rtl" / file;
  std::string content = ir::read_file(path);
  const size_t digits = content.find('\n');
  for (size_t place = 0; place < 2 && place < digits; ++place) {
    char& digit = content[index * (digits + 1) + digits - 1 - place];
    const int value = std::stoi(std::string(1, digit), nullptr, 16) ^ (mask >> (4 * place) & 15);
    digit = "0123456789abcdef"[value];
  }
  ir::write_file(path, content);
  tests::accept_images(fixture.dir / "rtl");
}

verif::Difference found(const Fixture& fixture, verif::Depth depth = verif::Depth::kOutputs) {
  verif::Options options;
  options.depth = depth;
  const verif::Report report = fixture.verify(options);
  INFO(verif::to_text(report));
  REQUIRE(report.first);
  REQUIRE(report.first->difference);
  CHECK_THROWS_AS(verif::require_passed(report), ir::CheckFailed);
  return *report.first->difference;
}

}  // namespace

TEST_CASE("An image edited by hand is refused before anything is compiled") {
  const Fixture fixture("bug_edited", 1);
  const auto path = fixture.dir / "rtl/mem/conv2_weights.hex";
  std::string text = ir::read_file(path);
  text[0] = text[0] == '0' ? '1' : '0';
  ir::write_file(path, text);
  CHECK_THAT(tests::message_of([&] { fixture.verify(); }),
             tests::contains("conv2_weights.hex: layer conv2, memory weights") &&
                 tests::contains("run `crosstwin generate` again"));
}

TEST_CASE("A wrong weight is found as a conversion of its layer and column") {
  const Fixture fixture("bug_weight", 16);
  // The sign of column 2 at a row of the second row tile (of 8 rows) that image 0 drives.
  const ir::Stage& stage = fixture.design.stages[3];
  const auto& rows = std::get<ir::Crossbar>(stage.kind).rows;
  const std::vector<int32_t> input = fixture.trace(0).stages[2].output;  // h, w, c order
  size_t row = 8;
  const auto driven = [&] {
    const int32_t place = rows[row] % (stage.in.h * stage.in.w);
    const int32_t channel = rows[row] / (stage.in.h * stage.in.w);
    return input[static_cast<size_t>(place * stage.in.c + channel)] > 0;
  };
  while (row < rows.size() && !driven()) ++row;
  REQUIRE(row < rows.size());
  flip(fixture, "mem/fc_weights.hex", 2 * rows.size() + row, 0x80);
  const verif::Difference difference = found(fixture);
  CHECK(difference.layer == "fc");
  CHECK(difference.conversion);
  CHECK(difference.column == 2);
  CHECK(difference.row_tile == 1);
}

TEST_CASE("A wrong conductance of the table is found in the layer that has it") {
  const Fixture fixture("bug_table", 16);
  flip(fixture, "mem/fc_table.hex", 0, 4);
  CHECK(found(fixture).layer == "fc");
}

TEST_CASE("A wrong bias is found as an output whose conversions are right") {
  const Fixture fixture("bug_bias", 16);
  flip(fixture, "mem/fc_requant.hex", 3, 4);
  const verif::Difference difference = found(fixture);
  CHECK(difference.layer == "fc");
  CHECK_FALSE(difference.conversion);
  CHECK(difference.index == 3);
}

TEST_CASE("A wrong row table is found in the layer that gathers by it") {
  const Fixture fixture("bug_rows", 16);
  flip(fixture, "mem/conv1_rows.hex", 3, 4);
  CHECK(found(fixture).layer == "conv1");
}

TEST_CASE("The same bug is found at the same place at every depth") {
  const Fixture fixture("bug_depths", 40);
  flip(fixture, "mem/fc_table.hex", 0, 4);
  const verif::Difference first = found(fixture);
  for (const verif::Depth depth : {verif::Depth::kLayers, verif::Depth::kCodes}) {
    const verif::Difference other = found(fixture, depth);
    CHECK(other.layer == "fc");
    CHECK(other.conversion);
    CHECK(other.row_tile == first.row_tile);
    CHECK(other.column == first.column);
    CHECK(other.plane == first.plane);
    CHECK(other.slice == first.slice);
    CHECK(other.polarity == first.polarity);
    CHECK(other.expected == first.expected);
    CHECK(other.got == first.got);
  }
}

TEST_CASE("A wrong beat that the class and logits hide is caught at depth layers") {
  const Fixture fixture("bug_beat", 40);
  // The probes alone are bent: the design computes as it should.
  plant(fixture, "rtl/layer/xb_requant.sv", "assign probe_data   = out_data_o;",
        "assign probe_data   = out_data_o ^ OutBits'(probe_col_q == ColBits'(1));");
  CHECK(fixture.verify().passed());
  verif::Options options;
  options.depth = verif::Depth::kLayers;
  const verif::Report report = fixture.verify(options);
  REQUIRE(report.first);
  CHECK(report.first->image == 0);
  CHECK(report.first->what == verif::Mismatch::What::kInner);
  REQUIRE(report.first->difference);
  CHECK(report.first->difference->layer == "conv1");
  CHECK_FALSE(report.first->difference->conversion);
  CHECK(report.first->difference->index == 1);
  CHECK(report.mismatching > 0);
}

TEST_CASE("A wrong code that every sum hides is caught at depth codes only") {
  const Fixture fixture("bug_code", 40);
  // The probes alone are bent: the design computes as it should.
  plant(fixture, "rtl/crossbar/xb_tile.sv", "assign probe_code   = code;",
        "assign probe_code   = probe_column == 1 && probe_plane == 2 ? code ^ 1 : code;");
  verif::Options options;
  options.depth = verif::Depth::kLayers;
  CHECK(fixture.verify(options).passed());
  options.depth = verif::Depth::kCodes;
  const verif::Report report = fixture.verify(options);
  INFO(verif::to_text(report));
  REQUIRE(report.first);
  CHECK(report.first->image == 0);
  CHECK(report.first->what == verif::Mismatch::What::kInner);
  REQUIRE(report.first->difference);
  const verif::Difference& difference = *report.first->difference;
  CHECK(difference.layer == "conv1");
  CHECK(difference.conversion);
  CHECK(difference.position == 0);
  CHECK(difference.row_tile == 0);
  CHECK(difference.column == 1);
  CHECK(difference.plane == 2);
  CHECK(difference.slice == 0);
  CHECK(difference.polarity == 0);
  CHECK((difference.expected ^ difference.got) == 1);
  CHECK(difference.expected == fixture.trace(0).stages[0].adc.code(0, 0, 1, 2, 0, 0));
}

TEST_CASE("A conversion that is never reported is caught at depth codes") {
  const Fixture fixture("bug_silent", 16);
  plant(fixture, "rtl/crossbar/xb_tile.sv", "assign probe_valid  = code_valid;",
        "assign probe_valid  = code_valid && !(probe_column == 2 && probe_plane == 0);");
  const verif::Difference difference = found(fixture, verif::Depth::kCodes);
  CHECK(difference.what == verif::Difference::What::kMissing);
  CHECK(difference.layer == "conv1");
  CHECK(difference.column == 2);
  CHECK(difference.plane == 0);
}

TEST_CASE("A converter that rounds down is found as a conversion") {
  const Fixture fixture("bug_adc", 16);
  // Half a code less: 2^11 at a shift of 12.
  plant(fixture, "rtl/sample_top.sv", ".AdcOffset   (64'hfffffda8fffffd44)",
        ".AdcOffset   (64'hfffff5a8fffff544)");
  const verif::Difference difference = found(fixture);
  CHECK(difference.layer == "fc");
  CHECK(difference.conversion);
}

TEST_CASE("Arrays added instead of subtracted are found as an output of the first layer") {
  const Fixture fixture("bug_sign", 16);
  plant(fixture, "rtl/crossbar/xb_tile_tail.sv", "(AdcLanes == 1) && (sub_i[0] ^ top)", "1'b0");
  const verif::Difference difference = found(fixture);
  CHECK(difference.layer == "conv1");
  CHECK_FALSE(difference.conversion);
}

TEST_CASE("A class that is not the largest logit's is found though every inner value is right") {
  const Fixture fixture("bug_class", 16);
  plant(fixture, "rtl/stream/xb_argmax.sv", "assign better =", "assign better = 1'b0 &&");
  const verif::Report report = fixture.verify();
  REQUIRE(report.first);
  CHECK(report.first->what == verif::Mismatch::What::kClass);
  CHECK_FALSE(report.first->difference);
}

TEST_CASE("A mismatch that does not come again is said to be not reproduced") {
  const Fixture fixture("bug_gone", 16);
  flip(fixture, "mem/fc_requant.hex", 3, 4);
  verif::Options options;
  options.progress = false;
  options.cache_dir = fixture.dir.parent_path() / "simulators";
  // The twin is asked for inner values before the second run: by then the memory is mended.
  bool mended = false;
  const auto mend = [&](int64_t image) {
    if (!mended) flip(fixture, "mem/fc_requant.hex", 3, 4);
    mended = true;
    return fixture.trace(image);
  };
  const verif::Report report = verif::verify(fixture.dir / "rtl",
                                             {.images = fixture.images,
                                              .logits = fixture.logits,
                                              .trace = mend,
                                              .chip_hash = ir::chip_hash(fixture.chip)},
                                             options);
  REQUIRE(report.first);
  CHECK_FALSE(report.first->reproduced);
  CHECK_FALSE(report.first->difference);
  CHECK_THAT(verif::to_text(report),
             tests::contains("not reproduced") && !tests::contains("output of it is right"));
  CHECK_THROWS_AS(verif::require_passed(report), ir::CheckFailed);
}

TEST_CASE("Data that changes while it waits is caught by its assertion") {
  const Fixture fixture("bug_held", 64);
  // Every value is right in the cycle in which it is accepted.
  plant(fixture, "rtl/stream/xb_unpack.sv", "out_data_o = pixel_q[Bits-1:0];",
        "out_data_o = out_ready_i ? pixel_q[Bits-1:0] : '0;");
  CHECK(fixture.verify().passed());
  verif::Options options;
  options.stalls = true;
  CHECK_THROWS_WITH(fixture.verify(options),
                    tests::contains("xb_unpack.sv") && tests::contains("OutHeld"));
  CHECK_THROWS_AS(fixture.verify(options), ir::CheckFailed);
}

TEST_CASE("A lost beat under back-pressure is caught with stalls only") {
  const Fixture fixture("bug_stall", 64);
  plant(fixture, "rtl/stream/xb_argmax.sv", "in_ready_o = !m_axis_tvalid || m_axis_tready;",
        "in_ready_o = 1'b1;");
  CHECK(fixture.verify().passed());
  verif::Options options;
  options.stalls = true;
  CHECK_THROWS_AS(verif::require_passed(fixture.verify(options)), ir::CheckFailed);
}

TEST_CASE("A design that never answers is reported as stuck") {
  const Fixture fixture("bug_stuck", 2);
  plant(fixture, "rtl/sample_top.sv", ".in_valid_i   (conv2_valid)", ".in_valid_i   (1'b0)");
  const verif::Report report = fixture.verify();
  REQUIRE(report.first);
  CHECK(report.first->what == verif::Mismatch::What::kStuck);
  REQUIRE(report.first->difference);
  CHECK(report.first->difference->what == verif::Difference::What::kMissing);
  CHECK(report.first->difference->layer == "fc");
}

TEST_CASE("RTL that does not compile is a failed check that shows the compiler's words") {
  const Fixture fixture("bug_syntax", 1);
  plant(fixture, "rtl/sample_top.sv", "endmodule", "endmodul");
  CHECK_THROWS_AS(fixture.verify(), ir::CheckFailed);
}
