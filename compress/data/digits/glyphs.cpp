// The table of glyphs.
// SPDX-License-Identifier: Apache-2.0
#include "compress/data/digits/glyphs.hpp"

#include <array>

#include "compress/ir/error.hpp"

namespace crosstwin::data {
namespace {

constexpr Pen kTurn = Pen::turn;
constexpr Pen kLift = Pen::lift;

// clang-format off
constexpr Knot kZeroRound[] = {{51, 4}, {30, 17}, {22, 50}, {30, 83}, {51, 96}, {72, 83}, {80, 50},
                               {72, 17}, {49, 5, kLift}};
constexpr Knot kZeroNarrow[] = {{54, 4}, {42, 17}, {37, 50}, {42, 83}, {53, 96}, {64, 83}, {69, 50},
                                {64, 17}, {52, 5, kLift}};
constexpr Knot kZeroOverlap[] = {{64, 14}, {47, 4}, {28, 20}, {21, 54}, {32, 86}, {54, 96},
                                 {74, 80}, {80, 46}, {70, 16}, {52, 6}, {36, 15, kLift}};
constexpr Knot kZeroWide[] = {{50, 10}, {24, 22}, {14, 50}, {24, 78}, {50, 90}, {76, 78}, {86, 50},
                              {76, 22}, {48, 10, kLift}};

constexpr Knot kOnePlain[] = {{50, 2}, {50, 50}, {50, 98, kLift}};
constexpr Knot kOneCurved[] = {{56, 2}, {50, 44}, {48, 98, kLift}};
constexpr Knot kOneFlag[] = {{34, 24}, {52, 3, kTurn}, {52, 50}, {52, 98, kLift}};
constexpr Knot kOneBase[] = {{36, 20}, {50, 4, kTurn}, {50, 96, kLift}, {32, 96}, {70, 96, kLift}};

constexpr Knot kTwoAngle[] = {{24, 26}, {34, 8}, {58, 5}, {70, 24}, {58, 52}, {24, 95, kTurn},
                              {52, 93}, {78, 92, kLift}};
constexpr Knot kTwoLoop[] = {{24, 24}, {40, 5}, {66, 10}, {68, 36}, {48, 70}, {28, 92}, {20, 82},
                             {36, 76}, {58, 91}, {82, 92, kLift}};
constexpr Knot kTwoWave[] = {{24, 16}, {50, 5}, {70, 16}, {62, 44}, {22, 92, kTurn}, {48, 86},
                             {82, 96, kLift}};
constexpr Knot kTwoLow[] = {{20, 34}, {36, 10}, {62, 8}, {70, 34}, {48, 68}, {16, 90, kTurn},
                            {50, 88}, {88, 84, kLift}};

constexpr Knot kThreeRound[] = {{26, 14}, {50, 4}, {70, 20}, {60, 42}, {42, 47, kTurn}, {66, 56},
                                {74, 78}, {52, 97}, {22, 86, kLift}};
constexpr Knot kThreeFlat[] = {{24, 6}, {72, 6, kTurn}, {46, 40, kTurn}, {70, 54}, {72, 84},
                               {46, 97}, {22, 86, kLift}};
constexpr Knot kThreeLoop[] = {{24, 18}, {46, 3}, {68, 16}, {60, 38}, {42, 48}, {36, 44}, {46, 44},
                               {70, 60}, {68, 88}, {44, 98}, {20, 84, kLift}};
constexpr Knot kThreeSoft[] = {{28, 10}, {58, 6}, {66, 26}, {48, 44}, {66, 58}, {66, 84}, {46, 97},
                               {26, 92, kLift}};

constexpr Knot kFourOpen[] = {{34, 6}, {27, 34}, {22, 56, kTurn}, {50, 56}, {80, 54, kLift},
                              {66, 10}, {64, 50}, {60, 98, kLift}};
constexpr Knot kFourClosed[] = {{62, 4}, {18, 64, kTurn}, {84, 62, kLift},
                                {62, 4}, {62, 50}, {60, 98, kLift}};
constexpr Knot kFourCup[] = {{26, 10}, {24, 40}, {42, 54}, {66, 46}, {74, 8, kTurn}, {70, 50},
                             {64, 98, kLift}};
constexpr Knot kFourHook[] = {{30, 4}, {26, 38}, {44, 50}, {72, 44, kLift},
                              {74, 14}, {68, 54}, {60, 98, kLift}};

constexpr Knot kFiveTwoStrokes[] = {{34, 8}, {30, 44, kTurn}, {52, 38}, {74, 54}, {72, 82},
                                    {48, 97}, {22, 88, kLift}, {34, 8}, {78, 5, kLift}};
constexpr Knot kFiveOneStroke[] = {{76, 6}, {38, 9, kTurn}, {31, 44, kTurn}, {56, 40}, {75, 62},
                                   {64, 90}, {40, 97}, {22, 88, kLift}};
constexpr Knot kFiveSnake[] = {{76, 7}, {48, 7}, {34, 24}, {46, 42}, {68, 58}, {66, 86}, {42, 97},
                               {20, 88, kLift}};

constexpr Knot kSixCurved[] = {{66, 4}, {38, 26}, {24, 62}, {34, 92}, {60, 94}, {72, 74}, {54, 57},
                               {28, 72, kLift}};
constexpr Knot kSixStraight[] = {{58, 2}, {36, 40}, {26, 76}, {46, 98}, {70, 82}, {62, 60},
                                 {42, 60}, {28, 80, kLift}};
constexpr Knot kSixSmallLoop[] = {{52, 2}, {36, 40}, {30, 78}, {46, 98}, {64, 86}, {58, 68},
                                  {44, 68}, {33, 84, kLift}};

constexpr Knot kSevenPlain[] = {{22, 9}, {50, 8}, {76, 8, kTurn}, {58, 48}, {46, 98, kLift}};
constexpr Knot kSevenCrossed[] = {{22, 8}, {76, 8, kTurn}, {56, 50}, {44, 98, kLift},
                                  {34, 52}, {74, 50, kLift}};
constexpr Knot kSevenSerif[] = {{22, 24}, {25, 8, kTurn}, {77, 10, kTurn}, {46, 97, kLift}};
constexpr Knot kSevenCurved[] = {{18, 16}, {44, 10}, {74, 9, kTurn}, {56, 44}, {52, 98, kLift}};

constexpr Knot kEightOneStroke[] = {{66, 16}, {46, 4}, {30, 20}, {46, 44}, {70, 68}, {62, 94},
                                    {38, 94}, {28, 72}, {48, 48}, {68, 28}, {62, 8, kLift}};
constexpr Knot kEightTwoLoops[] = {{50, 4}, {31, 16}, {36, 40}, {51, 47}, {67, 36}, {67, 13},
                                   {50, 4, kLift}, {51, 47}, {27, 66}, {34, 94}, {52, 98}, {72, 86},
                                   {70, 60}, {51, 47, kLift}};
constexpr Knot kEightOpen[] = {{74, 10}, {48, 6}, {32, 22}, {50, 46}, {69, 74}, {50, 97}, {28, 80},
                               {46, 52}, {68, 30}, {76, 14, kLift}};

constexpr Knot kNineStraight[] = {{70, 10}, {44, 5}, {26, 28}, {42, 48}, {64, 38}, {73, 8, kTurn},
                                  {68, 50}, {62, 98, kLift}};
constexpr Knot kNineRound[] = {{68, 20}, {50, 4}, {28, 22}, {34, 47}, {58, 46}, {70, 20, kTurn},
                               {70, 62}, {60, 98, kLift}};
constexpr Knot kNineTail[] = {{70, 18}, {50, 4}, {28, 22}, {36, 48}, {60, 42}, {72, 16, kTurn},
                              {72, 64}, {56, 95}, {30, 92, kLift}};
constexpr Knot kNineSlim[] = {{64, 14}, {46, 6}, {36, 26}, {46, 42}, {60, 34}, {66, 10, kTurn},
                              {58, 60}, {48, 98, kLift}};
// clang-format on

constexpr Glyph kZero[] = {{4, kZeroRound}, {3, kZeroNarrow}, {3, kZeroOverlap}, {1, kZeroWide}};
constexpr Glyph kOne[] = {{6, kOnePlain}, {4, kOneCurved}, {2, kOneFlag}, {1, kOneBase}};
constexpr Glyph kTwo[] = {{3, kTwoAngle}, {3, kTwoLoop}, {2, kTwoWave}, {2, kTwoLow}};
constexpr Glyph kThree[] = {{4, kThreeRound}, {1, kThreeFlat}, {2, kThreeLoop}, {3, kThreeSoft}};
constexpr Glyph kFour[] = {{4, kFourOpen}, {2, kFourClosed}, {3, kFourCup}, {3, kFourHook}};
constexpr Glyph kFive[] = {{4, kFiveTwoStrokes}, {3, kFiveOneStroke}, {2, kFiveSnake}};
constexpr Glyph kSix[] = {{4, kSixCurved}, {3, kSixStraight}, {2, kSixSmallLoop}};
constexpr Glyph kSeven[] = {
    {4, kSevenPlain}, {2, kSevenCrossed}, {2, kSevenSerif}, {2, kSevenCurved}};
constexpr Glyph kEight[] = {{5, kEightOneStroke}, {2, kEightTwoLoops}, {2, kEightOpen}};
constexpr Glyph kNine[] = {{4, kNineStraight}, {4, kNineRound}, {1, kNineTail}, {2, kNineSlim}};

constexpr std::array<std::span<const Glyph>, 10> kDigits{kZero, kOne, kTwo,   kThree, kFour,
                                                         kFive, kSix, kSeven, kEight, kNine};

}  // namespace

std::span<const Glyph> glyphs_of(int digit) {
  ir::check(digit >= 0 && digit <= 9, "glyphs_of: not a digit");
  return kDigits[static_cast<size_t>(digit)];
}

}  // namespace crosstwin::data
