// One way of building a crossbar layer, as text.
// SPDX-License-Identifier: Apache-2.0
#include "hwgen/plan/build.hpp"

#include <fmt/format.h>

#include "compress/ir/error.hpp"

namespace crosstwin::hwgen {
namespace {

const char* plural(int32_t count) { return count == 1 ? "" : "s"; }

}  // namespace

const char* to_string(Form form) {
  switch (form) {
    case Form::kBitPlane:
      return "bit_plane";
    case Form::kBitSerial:
      return "bit_serial";
    case Form::kCollapsed:
      return "collapsed";
  }
  throw ir::Bug("unknown form");
}

const char* to_string(Requant requant) {
  return requant == Requant::kSerial ? "serial" : "parallel";
}

std::string to_string(const Build& build) {
  std::string text = to_string(build.form);
  if (build.form == Form::kBitSerial)
    text += fmt::format(" of {} plane{}", build.planes, plural(build.planes));
  text += fmt::format(", {} column{} x {} row{}", build.pe, plural(build.pe), build.row_lanes,
                      plural(build.row_lanes));
  if (build.form != Form::kCollapsed) {
    text += fmt::format(", {} conversion{}", build.adc_lanes, plural(build.adc_lanes));
  }
  text += fmt::format(" a cycle, {} requantizer", to_string(build.requant));
  if (build.dsp) text += ", DSP blocks";
  return text;
}

std::string short_text(const Build& build) {
  std::string text = to_string(build.form);
  if (build.form == Form::kBitSerial) text += fmt::format("({})", build.planes);
  text += fmt::format(" {}x{}", build.pe, build.row_lanes);
  if (build.form != Form::kCollapsed) text += fmt::format("/{}", build.adc_lanes);
  if (build.requant == Requant::kParallel) text += " p";
  if (build.dsp) text += " d";
  return text;
}

}  // namespace crosstwin::hwgen
