// The report of a verification as JSON and as text.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "compress/ir/error.hpp"
#include "verif/cosim/verify.hpp"

namespace crosstwin::verif {
namespace {

using nlohmann::ordered_json;

std::string to_text(const Difference& d) {
  const std::string polarity = d.polarity == 0 ? "positive" : "negative";
  const std::string place =
      d.conversion ? fmt::format(
                         "ADC code of position {}, row tile {}, column {}, plane {}, slice {}, "
                         "{} array",
                         d.position, d.row_tile, d.column, d.plane, d.slice, polarity)
                   : fmt::format("output {} (h, w, c order)", d.index);
  if (d.what == Difference::What::kExtra) {
    return fmt::format("layer {}: {} came once more behind the last image", d.layer, place);
  }
  if (d.what == Difference::What::kMissing) {
    return fmt::format("layer {}: {} never came", d.layer, place);
  }
  return fmt::format("layer {}: {}: expected {}, got {}{}", d.layer, place, d.expected, d.got,
                     d.conversion ? "" : "; all its conversions are right");
}

const char* name(Mismatch::What what) {
  switch (what) {
    case Mismatch::What::kLogit:
      return "logit";
    case Mismatch::What::kClass:
      return "class";
    case Mismatch::What::kBeats:
      return "beats";
    case Mismatch::What::kStuck:
      return "stuck";
    case Mismatch::What::kInner:
      return "inner";
  }
  throw ir::Bug("unknown kind of mismatch");
}

ordered_json json_of(const Difference& d) {
  ordered_json json = {{"layer", d.layer}};
  if (d.conversion) {
    json.update({{"position", d.position},
                 {"row_tile", d.row_tile},
                 {"column", d.column},
                 {"plane", d.plane},
                 {"slice", d.slice},
                 {"polarity", d.polarity}});
  } else {
    json["output"] = d.index;
  }
  if (d.what == Difference::What::kMissing) {
    json["missing"] = true;
  } else if (d.what == Difference::What::kExtra) {
    json["extra"] = true;
  } else {
    json["expected"] = d.expected;
    json["got"] = d.got;
  }
  return json;
}

std::string depth_text(const Report& report) {
  std::string text;
  if (report.depth != Depth::kOutputs) {
    text += fmt::format(", every beat of every layer ({})", report.beats);
  }
  if (report.depth == Depth::kCodes) text += fmt::format(", every ADC code ({})", report.codes);
  if (!report.collapsed.empty()) {
    text += fmt::format("; collapsed, so without codes and compared by their outputs: {}",
                        fmt::join(report.collapsed, ", "));
  }
  return text;
}

}  // namespace

std::string to_text(const Mismatch& m) {
  std::string text = fmt::format("image {}: ", m.image);
  switch (m.what) {
    case Mismatch::What::kLogit:
      text += fmt::format("logit {}: expected {}, got {}", m.logit, m.expected, m.got);
      break;
    case Mismatch::What::kClass:
      text +=
          fmt::format("class: expected {}, got {}, though its logits are right", m.expected, m.got);
      break;
    case Mismatch::What::kBeats:
      text += fmt::format("expected {} logits up to tlast, got {}", m.expected, m.got);
      break;
    case Mismatch::What::kStuck:
      text += "no complete answer; the design is stuck or gives no tlast";
      break;
    case Mismatch::What::kInner:
      text += "an inner value differs, though its logits and class are right";
      break;
  }
  if (!m.reproduced) {
    text += "\n  not reproduced: run again with its inner values watched, the image was right";
  }
  if (!m.located) {
    text += "\n  a netlist: verify the RTL that it was made from, which names inner values";
  } else if (m.difference) {
    text += "\n  first in " + to_text(*m.difference);
  } else if (m.reproduced) {
    text += "\n  every conversion and layer output of it is right";
  }
  if (!m.waves.empty()) text += "\n  waves: " + m.waves.string();
  return text;
}

std::string to_text(const Report& report) {
  std::string text;
  if (report.passed()) {
    text = fmt::format(
        "{}: RTL equals the twin on {} images, every logit{}{}\n", report.design, report.images,
        depth_text(report),
        report.stalls ? fmt::format(", with random stalls (seed {})", report.seed) : "");
  } else {
    text = fmt::format("{}: RTL differs from the twin in {} of {} images\n{}\n", report.design,
                       report.mismatching, report.images, to_text(*report.first));
  }
  text += fmt::format("{:.1f} s in {} processes: {:.1f} images/s, {:.2f} M cycles/s",
                      report.run_seconds, report.jobs, report.images_per_second,
                      static_cast<double>(report.cycles) / report.run_seconds / 1e6);
  if (report.built) text += fmt::format("; compiled in {:.1f} s", report.build_seconds);
  text += "\n";
  if (report.measured_cycles > 0) {
    text += fmt::format("{:.1f} cycles an image measured, {} planned\n", report.measured_cycles,
                        report.planned_cycles);
  }
  return text;
}

std::string to_json(const Report& report) {
  ordered_json json = {{"design", report.design},
                       {"passed", report.passed()},
                       {"images", report.images},
                       {"mismatching", report.mismatching},
                       {"depth", to_string(report.depth)},
                       {"beats", report.beats},
                       {"codes", report.codes},
                       {"collapsed", report.collapsed},
                       {"stalls", report.stalls},
                       {"load_beats", report.load_beats},
                       {"seed", std::to_string(report.seed)},
                       {"jobs", report.jobs},
                       {"planned_cycles", report.planned_cycles},
                       {"measured_cycles", report.measured_cycles},
                       {"cycles", report.cycles},
                       {"built", report.built},
                       {"build_seconds", report.build_seconds},
                       {"run_seconds", report.run_seconds},
                       {"images_per_second", report.images_per_second}};
  if (report.first) {
    const Mismatch& m = *report.first;
    json["first"] = {{"image", m.image}, {"what", name(m.what)}};
    if (m.what == Mismatch::What::kLogit) json["first"]["logit"] = m.logit;
    if (m.what != Mismatch::What::kStuck && m.what != Mismatch::What::kInner) {
      json["first"]["expected"] = m.expected;
      json["first"]["got"] = m.got;
    }
    json["first"]["located"] = m.located;
    json["first"]["reproduced"] = m.reproduced;
    if (m.difference) json["first"]["inner"] = json_of(*m.difference);
    if (!m.waves.empty()) json["first"]["waves"] = m.waves.string();
  }
  return json.dump(2) + "\n";
}

void require_passed(const Report& report) {
  if (!report.passed()) throw ir::CheckFailed(to_text(report));
}

}  // namespace crosstwin::verif
