// Holds the probes of a running design against what its inner values are to be.
// SPDX-License-Identifier: Apache-2.0
//
// Part of the simulator: compiled with main.cpp, knows nothing of Verilator.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include "protocol.hpp"

namespace crosstwin::verif {

class Watch {
 public:
  bool on = false;  // not before reset is released

  // False: no whole watch file.
  bool read(const char* path) {
    std::FILE* in = std::fopen(path, "rb");
    if (in == nullptr) return false;
    WatchHeader header;
    bool good = take(in, &header, 1) && header.magic == WatchHeader::kMagic;
    images_ = header.images;
    before_ = header.before;
    for (uint32_t at = 0; good && at < header.layers; ++at) {
      Layer layer;
      good = take(in, &layer.size, 1);
      layer.instance.resize(good ? layer.size.name_bytes : 0);
      good = good && take(in, layer.instance.data(), layer.instance.size());
      layer.per_position = layer.size.positions > 0 ? layer.size.codes() / layer.size.positions : 0;
      layer.seen.resize(layer.per_position);
      layers_.push_back(layer);
    }
    for (uint32_t image = 0; good && image < images_; ++image) {
      for (Layer& layer : layers_) {
        good = good && append(in, layer.codes, layer.size.codes()) &&
               append(in, layer.beats, layer.size.beats);
      }
    }
    std::fclose(in);
    wrong_.resize(images_);
    return good;
  }

  // The layer of a probe, by its hierarchical name TOP.<top>.<instance>...; -1: none such.
  int find(const std::string& scope) const {
    const size_t begin = scope.find('.', scope.find('.') + 1) + 1;
    const std::string instance = scope.substr(begin, scope.find('.', begin) - begin);
    for (size_t at = 0; at < layers_.size(); ++at) {
      if (layers_[at].instance == instance) return static_cast<int>(at);
    }
    return -1;
  }

  // Word `index` counts 2 * slice + polarity on through lower planes. False: there is no such
  // conversion in the layer.
  bool code(int at, uint32_t row_tile, uint32_t column, uint32_t plane, uint32_t index,
            uint32_t value) {
    Layer& layer = layers_[static_cast<size_t>(at)];
    const WatchLayer& size = layer.size;
    if (size.positions == 0) return true;
    const uint32_t words = 2 * size.slices;
    plane -= index / words;
    if (row_tile >= size.row_tiles || column >= size.columns || plane >= size.planes) return false;
    const uint64_t key =
        ((uint64_t{row_tile} * size.columns + column) * size.planes + plane) * words +
        index % words;
    // The position of a conversion is how often the same one came before.
    const uint64_t count = layer.seen[key]++;
    if (count < uint64_t{before_} * size.positions) return true;
    const uint64_t image = count / size.positions - before_;
    const uint64_t place = count % size.positions * layer.per_position + key;
    if (image >= images_) {
      note({Finding::kExtra, images_ - 1, static_cast<uint32_t>(at), 0, place, 0, value});
      return true;
    }
    ++codes_;
    const uint32_t expected = layer.codes[image * size.codes() + place];
    if (expected != value) {
      note({Finding::kDiffers, static_cast<uint32_t>(image), static_cast<uint32_t>(at), 0, place,
            expected, value});
    }
    return true;
  }

  void beat(int at, int bits, uint32_t value) {
    Layer& layer = layers_[static_cast<size_t>(at)];
    if (layer.beats_seen++ < uint64_t{before_} * layer.size.beats) return;
    const uint64_t count = layer.beats_seen - 1 - uint64_t{before_} * layer.size.beats;
    const uint64_t image = count / layer.size.beats;
    const uint64_t place = count % layer.size.beats;
    if (image >= images_) {
      note({Finding::kExtra, images_ - 1, static_cast<uint32_t>(at), 1, place, 0, value});
      return;
    }
    ++beats_;
    const int32_t expected = layer.beats[count];
    const uint32_t mask = bits >= 32 ? ~0U : (1U << bits) - 1;
    if ((static_cast<uint32_t>(expected) & mask) == (value & mask)) return;
    bool is_signed = false;
    for (uint64_t i = count - place; i < count - place + layer.size.beats; ++i) {
      is_signed = is_signed || layer.beats[i] < 0;
    }
    int64_t got = value & mask;
    if (is_signed && (value >> (bits - 1) & 1) != 0) got -= int64_t{1} << bits;
    note({Finding::kDiffers, static_cast<uint32_t>(image), static_cast<uint32_t>(at), 1, place,
          expected, got});
  }

  // Also looks for what never came. False: the file could not be written.
  bool write(const char* path) {
    for (uint32_t at = 0; at < layers_.size(); ++at) {
      const Layer& layer = layers_[at];
      for (uint64_t key = 0; key < layer.seen.size(); ++key) {
        for (uint64_t count = behind(layer.seen[key], layer.size.positions);
             count < uint64_t{images_} * layer.size.positions; ++count) {
          const uint64_t place = count % layer.size.positions * layer.per_position + key;
          note({Finding::kMissing, static_cast<uint32_t>(count / layer.size.positions), at, 0,
                place, layer.codes[count / layer.size.positions * layer.size.codes() + place], 0});
        }
      }
      for (uint64_t count = behind(layer.beats_seen, layer.size.beats); count < layer.beats.size();
           ++count) {
        note({Finding::kMissing, static_cast<uint32_t>(count / layer.size.beats), at, 1,
              count % layer.size.beats, layer.beats[count], 0});
      }
    }
    FindingsHeader header;
    header.images = images_;
    header.codes = codes_;
    header.beats = beats_;
    header.first = first_;
    std::FILE* out = std::fopen(path, "wb");
    if (out == nullptr) return false;
    const bool good = std::fwrite(&header, sizeof header, 1, out) == 1 &&
                      std::fwrite(wrong_.data(), 1, wrong_.size(), out) == wrong_.size();
    return std::fclose(out) == 0 && good;
  }

 private:
  struct Layer {
    WatchLayer size;
    std::string instance;
    uint64_t per_position = 0;    // conversions
    std::vector<uint16_t> codes;  // [image][...]
    std::vector<int32_t> beats;   // [image][beat]
    std::vector<uint64_t> seen;   // [row_tile][column][plane][slice][polarity]
    uint64_t beats_seen = 0;
  };

  template <class T>
  static bool take(std::FILE* in, T* values, size_t count) {
    return std::fread(values, sizeof(T), count, in) == count;
  }
  template <class T>
  static bool append(std::FILE* in, std::vector<T>& values, size_t count) {
    values.resize(values.size() + count);
    return take(in, values.data() + values.size() - count, count);
  }
  // How many of `seen` belong to the images compared, at `each` an image.
  uint64_t behind(uint64_t seen, uint64_t each) const {
    return seen - std::min(seen, before_ * each);
  }
  static auto order(const Finding& f) { return std::make_tuple(f.image, f.layer, f.beat, f.index); }

  void note(const Finding& finding) {
    wrong_[finding.image] = 1;
    if (first_.what == Finding::kNone || order(finding) < order(first_)) first_ = finding;
  }

  uint32_t images_ = 0;
  uint32_t before_ = 0;
  std::vector<Layer> layers_;
  std::vector<uint8_t> wrong_;
  uint64_t codes_ = 0;
  uint64_t beats_ = 0;
  Finding first_;
};

}  // namespace crosstwin::verif
