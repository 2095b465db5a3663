// Datasets kept as NPZ.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <type_traits>
#include <variant>

#include "compress/data/readers.hpp"
#include "compress/ir/error.hpp"
#include "compress/ir/npz.hpp"

namespace crosstwin::data {
namespace {

constexpr const char* kImageForm =
    "uint8 [n][h][w], [n][h][w][c] or [n][c][h][w] with c = 1..4 and sides 1..4096";
constexpr int64_t kMaxChannels = 4;
constexpr int64_t kMaxSide = 4096;

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t extent : shape) text += "[" + std::to_string(extent) + "]";
  return text;
}

// What is read, for messages: the file and the member in it.
struct Place {
  const std::filesystem::path& file;
  std::string member;
  std::string text() const { return file.string() + ": " + member; }
};

const ir::AnyArray& require(const ir::Npz& npz, const Place& place) {
  const auto found = npz.find(place.member);
  if (found != npz.end()) return found->second;
  std::string names;
  for (const auto& [name, array] : npz) names += (names.empty() ? "" : ", ") + name;
  throw ir::Error(
      {place.text(), "missing member", "x_train, y_train, x_test and y_test", names,
       "save with numpy.savez(file, x_train=..., y_train=..., x_test=..., y_test=...)"});
}

// Fills shape and images.
void read_images(const ir::Npz& npz, const Place& place, Dataset& set) {
  const ir::AnyArray& any = require(npz, place);
  const auto* array = std::get_if<ir::Array<uint8_t>>(&any);
  if (array == nullptr) {
    throw ir::Error({place.text(), "wrong element type", kImageForm, "another element type",
                     "images enter as raw bytes 0..255: convert with .astype('uint8')"});
  }
  const std::vector<int64_t>& s = array->shape;
  const auto refuse = [&](const char* what, const char* fix) {
    throw ir::Error({place.text(), what, kImageForm, shape_text(s), fix});
  };
  if (s.size() != 3 && s.size() != 4) refuse("wrong number of axes", "reshape the images");
  const bool last = s.size() == 4 && s[3] >= 1 && s[3] <= kMaxChannels;
  const bool second = s.size() == 4 && s[1] >= 1 && s[1] <= kMaxChannels;
  if (s.size() == 4 && last == second) {
    refuse(last ? "either of two axes may be the channels" : "no axis of channels",
           "reshape the images to [n][h][w] when they have one channel, else put c = 1..4 second");
  }
  const int64_t c = s.size() == 3 ? 1 : last ? s[3] : s[1];
  const int64_t h = s.size() == 3 || last ? s[1] : s[2];
  const int64_t w = s.size() == 3 || last ? s[2] : s[3];
  if (s[0] < 1 || h < 1 || w < 1 || h > kMaxSide || w > kMaxSide) {
    refuse("extent out of range", "give at least one image");
  }
  set.shape = {static_cast<int32_t>(c), static_cast<int32_t>(h), static_cast<int32_t>(w)};
  set.images = array->data;
  if (!last || c == 1) return;
  auto to = set.images.begin();
  for (int64_t image = 0; image < s[0]; ++image) {
    const uint8_t* from = array->data.data() + image * c * h * w;
    for (int64_t channel = 0; channel < c; ++channel) {
      for (int64_t pixel = 0; pixel < h * w; ++pixel) *to++ = from[pixel * c + channel];
    }
  }
}

void read_labels(const ir::Npz& npz, const Place& place, int64_t images, Dataset& set) {
  std::visit(
      [&](const auto& array) {
        using T = typename std::decay_t<decltype(array.data)>::value_type;
        const std::vector<int64_t>& s = array.shape;
        if (!std::is_integral_v<T> || s.empty() || s.size() > 2 || (s.size() == 2 && s[1] != 1)) {
          throw ir::Error({place.text(), "wrong form of labels", "integers [n] or [n][1]",
                           (std::is_integral_v<T> ? "integers " : "floats ") + shape_text(s),
                           "give class numbers, not one-hot rows"});
        }
        if (s[0] != images) {
          throw ir::Error({place.text(), "as many labels as images are needed",
                           std::to_string(images), std::to_string(s[0]),
                           "take both arrays from the same set"});
        }
        for (size_t i = 0; i < array.data.size(); ++i) {
          const T label = array.data[i];
          if (label < T{0} || label > T{127} + T{127} + T{1}) {
            throw ir::Error({place.text() + "[" + std::to_string(i) + "]", "label out of range",
                             "0..255", std::to_string(label), "number the classes from 0"});
          }
          set.labels.push_back(static_cast<uint8_t>(label));
        }
      },
      require(npz, place));
}

Dataset read_set(const ir::Npz& npz, const std::filesystem::path& file, const std::string& part) {
  Dataset set;
  read_images(npz, {file, "x_" + part}, set);
  const int64_t images = static_cast<int64_t>(set.images.size()) / set.shape.size();
  read_labels(npz, {file, "y_" + part}, images, set);
  return set;
}

}  // namespace

TrainTest read_npz_dataset(const std::filesystem::path& file) {
  const ir::Npz npz = ir::read_npz(file);
  TrainTest sets{read_set(npz, file, "train"), read_set(npz, file, "test")};
  if (sets.train.shape != sets.test.shape) {
    const auto text = [](const ir::Shape& s) { return shape_text({s.c, s.h, s.w}); };
    throw ir::Error({file.string() + ": x_test", "other shape than x_train (as [c][h][w])",
                     text(sets.train.shape), text(sets.test.shape), "give one shape to both"});
  }
  sets.train.classes = *std::max_element(sets.train.labels.begin(), sets.train.labels.end()) + 1;
  sets.test.classes = sets.train.classes;
  for (size_t i = 0; i < sets.test.labels.size(); ++i) {
    if (sets.test.labels[i] < sets.train.classes) continue;
    throw ir::Error({file.string() + ": y_test[" + std::to_string(i) + "]",
                     "a class that y_train does not have",
                     "0.." + std::to_string(sets.train.classes - 1),
                     std::to_string(sets.test.labels[i]), "give both sets the same classes"});
  }
  return sets;
}

}  // namespace crosstwin::data
