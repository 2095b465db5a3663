// Every configuration key with its range and its explanation.
// SPDX-License-Identifier: Apache-2.0
#include "cli/config/sections.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compress/ir/device_json.hpp"

namespace crosstwin::cli {
namespace {

constexpr int64_t kMany = 1'000'000'000;

Fields top_fields(Config& c) {
  Fields f;
  f.string("name", c.name, "name of the network, the design and its RTL");
  f.seed("seed", c.seed, "of initial weights, training order, and the chip's cells; --seed");
  return f;
}

Fields dataset_fields(data::Source& d) {
  Fields f;
  f.word("kind", d.kind,
         {{"auto", data::Kind::automatic},
          {"mnist", data::Kind::mnist},
          {"cifar10", data::Kind::cifar10},
          {"npz", data::Kind::npz},
          {"digits", data::Kind::digits}},
         "auto looks at what lies at path; digits are built in");
  f.path("path", d.path, "folder of the files, or the NPZ file; empty = built-in digits; --data");
  f.optional_integer("validation", d.validation, 1, kMany,
                     "images held out of the training set; null = a tenth, at most 5,000");
  f.seed("seed", d.seed, "of the held-out choice and of the built-in digits");
  f.integer("digits_train", d.digits_train, 10, kMany, "built-in digits drawn for training");
  f.integer("digits_test", d.digits_test, 10, kMany, "built-in digits drawn for the test");
  return f;
}

void augmentation_fields(Fields& f, nn::Augmentation& a) {
  f.number("rotation", a.rotation, 0, 180, "augmentation: degrees, +-");
  f.number("scale", a.scale, 0, 0.9, "augmentation: relative size, 1 +-");
  f.number("shear", a.shear, 0, 2, "augmentation: x += shear y, +-");
  f.number("shift", a.shift, 0, 64, "augmentation: pixels, +-");
  f.number("elastic", a.elastic, 0, 64, "augmentation: amplitude of a smooth warp, pixels");
  f.number("strength_spread", a.strength_spread, 0, 1,
           "augmentation: every image draws its strength from 1 - spread to 1");
  f.boolean("flip", a.flip, "augmentation: left-right, every second image");
  f.integer("crop", a.crop, 0, 64, "augmentation: pad by so many pixels, cut at random");
}

Fields train_fields(nn::TrainConfig& t) {
  Fields f;
  f.integer("epochs", t.epochs, 1, 100000, "passes over the training images");
  f.integer("batch", t.batch, 1, 65536, "images a step");
  f.word("optimizer", t.optimizer, {{"sgd", nn::Optimizer::sgd}, {"adamw", nn::Optimizer::adamw}},
         "how a step is made");
  f.number("learning_rate", t.learning_rate, 0, 100, "its peak, after the warm-up");
  f.word("schedule", t.schedule,
         {{"constant", nn::Schedule::constant},
          {"cosine", nn::Schedule::cosine},
          {"step", nn::Schedule::step}},
         "how the rate falls");
  f.number("warmup_epochs", t.warmup_epochs, 0, 1000, "linear rise to the peak");
  f.number("final_rate", t.final_rate, 0, 1, "cosine: share of the peak at the end");
  f.integers("step_epochs", t.step_epochs, 0, 100000, "step: when the rate is multiplied");
  f.number("step_factor", t.step_factor, 0, 1, "step: by what");
  f.number("momentum", t.momentum, 0, 0.9999, "sgd");
  f.number("beta1", t.beta1, 0, 0.9999, "adamw");
  f.number("beta2", t.beta2, 0, 0.99999, "adamw");
  f.number("epsilon", t.epsilon, 1e-20, 1, "adamw");
  f.number("label_smoothing", t.label_smoothing, 0, 0.99, "share of a label given to all classes");
  f.number("batch_norm_momentum", t.batch_norm_momentum, 0, 1,
           "share of a batch in the running statistics");
  augmentation_fields(f, t.augmentation);
  return f;
}

Fields compress_fields(CompressSettings& c) {
  Fields f;
  f.word("method", c.method, {{"gradual", recipe::Method::gradual}, {"admm", recipe::Method::admm}},
         "gradual: rows go during retraining; admm: penalties, masked mapping, retraining");
  f.number("distillation", c.distillation_alpha, 0, 1,
           "share of the dense network's answers in the loss of retraining");
  f.number("temperature", c.distillation_temperature, 0.01, 100, "of the distillation");
  f.word("row_score", c.gradual.score,
         {{"obs", prune::RowScore::obs}, {"magnitude", prune::RowScore::magnitude}},
         "gradual: which row goes next; obs makes up for it in the others");
  f.number("begin", c.gradual.begin, 0, 1, "gradual: share of retraining when removal begins");
  f.number("end", c.gradual.end, 0, 1, "gradual: and ends");
  f.integer("events_per_epoch", c.gradual.events_per_epoch, 1, 1000, "gradual: removals an epoch");
  f.integer("images", c.gradual.images, 1, kMany, "gradual, obs: images measured");
  f.integer("positions", c.gradual.positions, 1, kMany, "gradual, obs: positions of each");
  f.number("damping", c.gradual.damping, 1e-9, 10, "gradual, obs: added to the covariance");
  f.number("row_energy", c.purify.row_energy, 0, 1, "purify Th1: below, a row counts as empty");
  f.number("channel_fill", c.purify.channel_fill, 0, 1, "purify Th2: channel with fewer rows,");
  f.number("channel_energy", c.purify.channel_energy, 0, 1, "purify Th3: and less energy, goes");
  f.number("filter_energy", c.purify.filter_energy, 0, 1, "purify Th4: weaker filters go");
  return f;
}

Fields admm_fields(CompressSettings& c) {
  Fields f;
  f.numbers("rho", c.admm.rho, 1e-12, 1e6, "penalties, one after the other");
  f.integer("epochs", c.admm_epochs, 1, 100000, "of each penalty");
  f.integer("update_every", c.admm.update_every, 1, 100000, "epochs between projections");
  f.number("learning_rate", c.admm_learning_rate, 0, 100, "starts anew with each penalty");
  return f;
}

Fields quantize_fields(CompressSettings& c) {
  Fields f;
  f.word("range", c.activations.method,
         {{"max", quant::ActivationRange::max},
          {"percentile", quant::ActivationRange::percentile},
          {"mse", quant::ActivationRange::mse}},
         "how the scale of activations is found");
  f.number("percentile", c.activations.percentile, 50, 100, "percentile: in percent");
  f.integer("bits", c.activations.bits, 2, 8, "of activations");
  f.integer("images", c.activations.images, 1, kMany, "training images it is found on");
  f.numbers("rho", c.grid_admm.rho, 1e-12, 1e6, "ADMM towards the grid: penalties");
  f.integer("epochs", c.grid_epochs, 0, 100000, "of each; 0 = move to the grid at once");
  f.integer("update_every", c.grid_admm.update_every, 1, 100000, "epochs between projections");
  f.number("learning_rate", c.grid_learning_rate, 0, 100, "starts anew with each penalty");
  return f;
}

Fields layout_fields(ir::Layout& l) {
  Fields f;
  f.integer("tile_rows", l.tile_rows, 1, 1024, "crossbar rows of a physical array");
  f.integer("tile_cols", l.tile_cols, 1, 1024, "crossbar columns of a physical array");
  f.integer("cell_bits", l.cell_bits, 1, 8, "bits a memory cell holds; the device has 2^n levels");
  f.integer("slices", l.slices, 1, 8, "cells a magnitude is cut into; cell_bits x slices <= 8");
  f.integer("weight_range", l.weight_range, 1, 255, "largest |weight| code");
  f.integer("adc_bits", l.adc_bits, 1, 16, "width of the converters");
  return f;
}

// A preset's name, a device file, its object, or, without a name, an object of the members that
// change; the resolved configuration holds the values themselves.
Field device_field(const std::string& key, ir::Device& device, const std::string& explanation) {
  return {key, "preset (" + std::string(ir::kDevicePresets) + "), device file, or its members",
          explanation,
          [&device](const ir::JsonReader& json) {
            if (!json.value().is_object()) {
              device = ir::load_device(json.string());
              return;
            }
            device = json.has("name") ? ir::read_device(json) : ir::patch_device(device, json);
            ir::resolve_paths(device, json.file());
          },
          [&device] { return ir::device_json(device); }};
}

Fields chip_fields(Config& c) {
  Fields f;
  f.custom(device_field("device", c.device, "the cells of the chip that becomes RTL"));
  f.word("adc_range", c.adc.range,
         {{"max", twin::AdcRange::kMax},
          {"percentile", twin::AdcRange::kPercentile},
          {"mse", twin::AdcRange::kMse},
          {"worst_case", twin::AdcRange::kWorstCase},
          {"lossless", twin::AdcRange::kLossless}},
         "how the converters' range is found on 512 training images");
  f.word("adc_per", c.adc.per, {{"layer", twin::AdcPer::kLayer}, {"column", twin::AdcPer::kColumn}},
         "what has a range of its own: a layer's slice, or each column of it");
  f.number("adc_percentile", c.adc.percentile, 0.5, 1, "percentile: share that must not clip");
  f.boolean("adc_aged", c.adc.aged,
            "the range is found on the cells as they are at the device's time, not fresh ones");
  f.word("remap", c.remap,
         {{"off", RemapSetting::off},
          {"faults", RemapSetting::faults},
          {"cells", RemapSetting::cells}},
         "rows, columns and polarities placed around the stuck cells; cells: around what every "
         "cell is known to become when programmed; --remap");
  f.integer("spare_columns", c.spare_columns, 0, ir::kMaxSpareColumns,
            "of every column tile, for the remap; --spare-columns");
  f.path("ranges_of", c.ranges_of,
         "folder of a run or chip whose ranges are taken instead, so that `load` can follow");
  return f;
}

Fields simulate_fields(SimulateSettings& s) {
  Fields f;
  f.integer("images", s.images, 0, kMany, "of the test split; 0 = all; --images");
  f.custom(device_field("variation", s.variation, "device drawn beside the ideal one; --device"));
  f.integer("chips", s.chips, 0, 10000, "chips drawn of it, at each point of a sweep; --chips");
  f.number("half_width", s.half_width, 0, 50,
           "percentage points: enough chips for this 95% interval, at most `chips`; 0 = all; "
           "--half-width");
  f.strings("sweep", s.sweep,
            "one or two of PARAMETER=FROM:TO:POINTS, FROM:TO or V,V,.., LIST*=..; --sweep");
  f.boolean("events", s.events, "count conversions, reads and sums of this chip; --events");
  f.integer("analog", s.analog, 0, kMany,
            "images whose conversions are compared with the analog reference; 0 = none; --analog");
  return f;
}

Fields adapt_fields(AdaptSettings& a) {
  Fields f;
  f.strings("parts", a.parts, "some of remap, recalibrate, retrain; --parts");
  f.word("for", a.one_chip, {{"device", false}, {"chip", true}},
         "retraining for any chip of the device, or for each chip with its known faults; --for");
  f.integer("epochs", a.epochs, 1, 100000, "of retraining; the rest is as in retrain; --epochs");
  f.number("learning_rate", a.learning_rate, 0, 100, "of retraining");
  f.integer("chips", a.chips, 1, 10000, "chips drawn, from the run's seed on; --chips");
  f.integer("images", a.images, 0, kMany, "that every chip answers; 0 = all; --images");
  f.word("split", a.validation, {{"test", false}, {"validation", true}},
         "whose images: test, or validation to make choices with");
  return f;
}

Fields generate_fields(GenerateSettings& g) {
  Fields f;
  f.optional_number("target_fps", g.target_fps, 0.001, 1e9,
                    "images a second; every layer takes the cheapest form that meets it; "
                    "--target-fps");
  f.number("clock_mhz", g.clock_mhz, 0.001, 10000, "clock that target_fps counts with");
  f.string("fit", g.fit, "board that the fastest design is sought for; \"\" = none; --fit");
  f.boolean("pareto", g.pareto, "cycles against LUTs of the whole design, in OUT/pareto; --pareto");
  f.boolean("per_cell", g.per_cell, "one conductance a cell even where a table would do");
  f.boolean("writable", g.writable,
            "weights, converters and tables can be written over a stream; --writable");
  return f;
}

Fields verify_fields(VerifySettings& v) {
  Fields f;
  f.integer("images", v.images, 1, kMany, "test images held against the twin; --images");
  f.integer("stall_images", v.stall_images, 0, kMany,
            "of them again with random idle and back-pressure; --stall-images");
  f.string("depth", v.depth,
           "what is compared: \"outputs\", \"layers\" (and every beat), \"codes\" (and every ADC "
           "code); --depth");
  f.string("waves", v.waves, "\"vcd\" or \"fst\": waves of the first mismatch; --vcd, --fst");
  return f;
}

Fields fpga_fields(FpgaSettings& p) {
  Fields f;
  f.strings("boards", p.boards, "hx8k, icebreaker, ulx3s-25f, ulx3s-85f; --board");
  f.integer("seeds", p.seeds, 1, 100, "place-and-route runs a board; the fastest is kept; --seeds");
  f.number("target_mhz", p.target_mhz, 0, 1000, "what placement aims for; 0 = the board's");
  return f;
}

}  // namespace

std::vector<Section> sections(Config& c) {
  return {{"", "the run", top_fields(c)},
          {"dataset", "what is learnt", dataset_fields(c.dataset)},
          {"train", "the dense network", train_fields(c.train)},
          {"compress", "pruning and purification", compress_fields(c.compress)},
          {"retrain", "the training that prunes; what is not given is as in train",
           train_fields(c.compress.retrain), true},
          {"admm", "schedule of compress.method admm", admm_fields(c.compress)},
          {"quantize", "the conductance grid and activation scales", quantize_fields(c.compress)},
          {"layout", "how weights lie on tiles", layout_fields(c.layout)},
          {"chip", "the device programmed, and its converters", chip_fields(c)},
          {"simulate", "accuracy of every stage", simulate_fields(c.simulate)},
          {"adapt", "network and chip fitted to each other", adapt_fields(c.adapt)},
          {"generate", "the RTL", generate_fields(c.generate)},
          {"verify", "RTL against twin", verify_fields(c.verify)},
          {"fpga", "place and route", fpga_fields(c.fpga)}};
}

Fields layer_fields(LayerSettings& s) {
  Fields f;
  f.integer("filters", s.filters, 0, 1 << 20, "crossbar columns kept by compress; 0 = all");
  f.integer("rows", s.rows, 0, 1 << 24, "crossbar rows kept by compress; 0 = all");
  f.integer("channels", s.channels, 0, 1 << 20, "input channels kept by compress; 0 = all");
  f.word("form", s.form,
         {{"auto", FormSetting::automatic},
          {"bit_plane", FormSetting::bit_plane},
          {"bit_serial", FormSetting::bit_serial},
          {"faithful", FormSetting::faithful},
          {"collapsed", FormSetting::collapsed}},
         "all input planes at once; some at a time; either; integer products, where proved equal; "
         "--form");
  f.integer("planes", s.planes, 0, 16,
            "bit_serial: planes accumulated at a time, dividing the input's bits; 0 = plan's");
  f.integer("pe", s.pe, 0, 1 << 20,
            "columns a pass; need not divide the layer's; 0 = the plan chooses");
  f.integer("row_lanes", s.row_lanes, 0, 1 << 20,
            "rows a cycle; need not divide the tile's; 0 = the plan chooses");
  f.integer("adc_lanes", s.adc_lanes, 0, 1 << 10,
            "conversions a cycle: divides 2 x slices, or a multiple of it that divides 2 x slices "
            "x planes; 0 = the plan chooses");
  f.word("requant", s.requant,
         {{"auto", RequantSetting::automatic},
          {"serial", RequantSetting::serial},
          {"parallel", RequantSetting::parallel}},
         "a bit a cycle, or a column a cycle");
  f.word("dsp", s.dsp,
         {{"auto", DspSetting::automatic}, {"no", DspSetting::no}, {"yes", DspSetting::yes}},
         "multipliers in DSP blocks");
  f.integer("lines", s.lines, 0, 1 << 20, "of the input that the window keeps; 0 = derived");
  return f;
}

Fields kind_fields(float& weight_decay) {
  Fields f;
  f.number("weight_decay", weight_decay, 0, 10,
           "pull of training on the weights; per kind, not per layer");
  return f;
}

}  // namespace crosstwin::cli
