// The points of every glyph.
#include "native/data/digit_glyphs.h"

namespace synfire {
namespace {

constexpr Pen S = Pen::kStart;
constexpr Pen C = Pen::kCorner;

constexpr GlyphPoint kZeroOval[] = {{.59f, .02f, S}, {.25f, .15f}, {.15f, .63f}, {.41f, .98f},
                                    {.75f, .85f},    {.85f, .37f}, {.59f, .02f}, {.47f, .00f}};
constexpr GlyphPoint kZeroHooked[] = {{.72f, .12f, S}, {.40f, .02f}, {.14f, .36f}, {.22f, .85f}, {.60f, .98f},
                                      {.86f, .62f},    {.76f, .16f}, {.48f, .05f}, {.32f, .16f}};
constexpr GlyphPoint kZeroNarrow[] = {{.54f, .01f, S}, {.33f, .18f}, {.29f, .67f}, {.46f, .99f},
                                      {.67f, .82f},    {.71f, .33f}, {.56f, .02f}};
constexpr GlyphPoint kZeroClockwise[] = {{.31f, .07f, S}, {.69f, .07f}, {.88f, .50f}, {.69f, .93f},
                                         {.31f, .93f},    {.12f, .50f}, {.31f, .07f}, {.53f, .00f}};

constexpr GlyphPoint kOnePlain[] = {{.52f, .00f, S}, {.50f, .50f}, {.49f, 1.0f}};
constexpr GlyphPoint kOneFlag[] = {
    {.30f, .22f, S}, {.44f, .12f}, {.54f, .00f, C}, {.53f, .50f}, {.51f, 1.0f}};
constexpr GlyphPoint kOneFoot[] = {{.28f, .20f, S}, {.52f, .00f, C}, {.51f, .50f}, {.50f, .98f},
                                   {.26f, .99f, S}, {.50f, .98f},    {.78f, .97f}};
constexpr GlyphPoint kOneBowed[] = {{.58f, .00f, S}, {.52f, .30f}, {.46f, .70f}, {.46f, 1.0f}};

constexpr GlyphPoint kTwoAngular[] = {{.12f, .24f, S}, {.26f, .05f}, {.58f, .00f},
                                      {.80f, .20f},    {.70f, .48f}, {.40f, .76f},
                                      {.10f, .97f, C}, {.50f, .96f}, {.92f, .95f}};
constexpr GlyphPoint kTwoLooped[] = {{.14f, .20f, S}, {.38f, .01f}, {.74f, .08f}, {.76f, .40f},
                                     {.48f, .74f},    {.22f, .96f}, {.06f, .88f}, {.20f, .76f},
                                     {.46f, .86f},    {.70f, .98f}, {.96f, .90f}};
constexpr GlyphPoint kTwoWavy[] = {{.10f, .18f, S}, {.40f, .00f}, {.78f, .14f}, {.72f, .46f}, {.38f, .80f},
                                   {.12f, .98f, C}, {.36f, .86f}, {.62f, .96f}, {.92f, .88f}};
constexpr GlyphPoint kTwoSwan[] = {{.22f, .28f, S}, {.30f, .06f}, {.62f, .02f}, {.78f, .26f}, {.58f, .60f},
                                   {.30f, .90f},    {.34f, .98f}, {.62f, .94f}, {.90f, .96f}};

constexpr GlyphPoint kThreeCusped[] = {{.14f, .12f, S}, {.42f, .00f},    {.76f, .12f},
                                       {.70f, .36f},    {.38f, .46f, C}, {.74f, .54f},
                                       {.84f, .78f},    {.54f, .99f},    {.12f, .90f}};
constexpr GlyphPoint kThreeLooped[] = {{.18f, .10f, S}, {.50f, .00f}, {.76f, .18f}, {.62f, .42f},
                                       {.40f, .50f},    {.34f, .45f}, {.52f, .46f}, {.82f, .62f},
                                       {.76f, .90f},    {.42f, 1.0f}, {.10f, .88f}};
constexpr GlyphPoint kThreeFlat[] = {{.14f, .03f, S}, {.46f, .03f},    {.82f, .02f, C},
                                     {.60f, .22f},    {.42f, .40f, C}, {.76f, .50f},
                                     {.86f, .76f},    {.54f, .99f},    {.12f, .90f}};
constexpr GlyphPoint kThreeRound[] = {{.16f, .16f, S}, {.48f, .00f}, {.78f, .18f}, {.64f, .42f}, {.54f, .47f},
                                      {.68f, .54f},    {.84f, .76f}, {.52f, 1.0f}, {.14f, .84f}};

constexpr GlyphPoint kFourOpen[] = {{.22f, .04f, S}, {.16f, .30f},    {.12f, .54f, C}, {.50f, .55f},
                                    {.92f, .50f},    {.72f, .02f, S}, {.70f, .50f},    {.66f, 1.0f}};
constexpr GlyphPoint kFourRounded[] = {{.16f, .04f, S}, {.10f, .34f},    {.24f, .54f}, {.58f, .48f},
                                       {.80f, .30f},    {.84f, .04f, S}, {.80f, .48f}, {.74f, 1.0f}};
constexpr GlyphPoint kFourClosed[] = {{.64f, .02f, S}, {.36f, .34f},    {.06f, .64f, C}, {.50f, .64f},
                                      {.96f, .62f},    {.64f, .02f, S}, {.64f, .50f},    {.62f, 1.0f}};
constexpr GlyphPoint kFourOneLine[] = {{.24f, .06f, S}, {.14f, .36f},    {.16f, .54f}, {.48f, .54f},
                                       {.76f, .34f},    {.82f, .06f, C}, {.76f, .50f}, {.70f, 1.0f}};
constexpr GlyphPoint kFourNarrowTop[] = {{.46f, .02f, S}, {.28f, .30f},    {.14f, .56f, C}, {.52f, .58f},
                                         {.88f, .54f},    {.64f, .10f, S}, {.60f, .52f},    {.54f, 1.0f}};

constexpr GlyphPoint kFiveHat[] = {{.24f, .04f, S}, {.20f, .24f}, {.17f, .42f, C}, {.46f, .36f},
                                   {.78f, .52f},    {.78f, .82f}, {.44f, 1.0f},    {.10f, .88f},
                                   {.24f, .04f, S}, {.54f, .03f}, {.88f, .00f}};
constexpr GlyphPoint kFiveOneLine[] = {{.88f, .02f, S}, {.56f, .03f}, {.28f, .05f, C}, {.22f, .24f},
                                       {.18f, .42f, C}, {.50f, .38f}, {.82f, .58f},    {.72f, .90f},
                                       {.40f, 1.0f},    {.10f, .90f}};
constexpr GlyphPoint kFiveSnake[] = {{.88f, .06f, S}, {.58f, .01f}, {.32f, .10f}, {.28f, .34f}, {.52f, .48f},
                                     {.74f, .66f},    {.66f, .92f}, {.36f, 1.0f}, {.12f, .90f}};
constexpr GlyphPoint kFiveAngular[] = {{.80f, .02f, S}, {.26f, .04f, C}, {.22f, .40f, C}, {.58f, .42f},
                                       {.80f, .64f},    {.62f, .94f},    {.16f, .98f}};

constexpr GlyphPoint kSixSwept[] = {{.72f, .02f, S}, {.44f, .18f}, {.20f, .50f}, {.16f, .82f}, {.42f, 1.0f},
                                    {.74f, .86f},    {.72f, .60f}, {.44f, .54f}, {.20f, .76f}};
constexpr GlyphPoint kSixUpright[] = {{.40f, .00f, S}, {.26f, .34f}, {.18f, .70f}, {.34f, .98f}, {.66f, .94f},
                                      {.78f, .70f},    {.56f, .54f}, {.30f, .64f}, {.20f, .80f}};
constexpr GlyphPoint kSixCurled[] = {{.86f, .16f, S}, {.66f, .01f}, {.32f, .18f}, {.12f, .56f}, {.22f, .92f},
                                     {.58f, .99f},    {.80f, .76f}, {.58f, .52f}, {.22f, .62f}};
constexpr GlyphPoint kSixSmallLoop[] = {{.62f, .00f, S}, {.34f, .30f}, {.18f, .66f}, {.24f, .94f},
                                        {.50f, .99f},    {.62f, .80f}, {.46f, .68f}, {.26f, .84f}};

constexpr GlyphPoint kSevenPlain[] = {
    {.10f, .05f, S}, {.48f, .05f}, {.88f, .04f, C}, {.62f, .46f}, {.42f, 1.0f}};
constexpr GlyphPoint kSevenHooked[] = {{.10f, .22f, S}, {.14f, .05f, C}, {.50f, .07f},
                                       {.88f, .04f, C}, {.60f, .44f},    {.44f, 1.0f}};
constexpr GlyphPoint kSevenBarred[] = {{.12f, .06f, S}, {.50f, .06f},    {.88f, .03f, C}, {.60f, .48f},
                                       {.42f, 1.0f},    {.30f, .52f, S}, {.54f, .50f},    {.82f, .47f}};
constexpr GlyphPoint kSevenCurved[] = {{.12f, .14f, S}, {.40f, .02f}, {.72f, .02f},
                                       {.82f, .16f},    {.62f, .52f}, {.48f, 1.0f}};

constexpr GlyphPoint kEightCrossed[] = {{.74f, .12f, S}, {.48f, .00f}, {.22f, .14f}, {.34f, .40f},
                                        {.64f, .60f},    {.80f, .82f}, {.50f, 1.0f}, {.20f, .82f},
                                        {.36f, .60f},    {.66f, .38f}, {.76f, .14f}};
constexpr GlyphPoint kEightCircles[] = {
    {.50f, .46f, S}, {.26f, .34f}, {.26f, .10f}, {.50f, .00f}, {.74f, .12f}, {.72f, .36f}, {.50f, .46f},
    {.20f, .64f},    {.20f, .90f}, {.50f, 1.0f}, {.80f, .88f}, {.78f, .62f}, {.50f, .46f}};
constexpr GlyphPoint kEightOpen[] = {{.86f, .08f, S}, {.54f, .00f}, {.24f, .16f}, {.38f, .42f},
                                     {.64f, .62f},    {.66f, .88f}, {.42f, 1.0f}, {.22f, .84f},
                                     {.38f, .58f},    {.62f, .36f}, {.80f, .20f}};
constexpr GlyphPoint kEightSlim[] = {{.66f, .08f, S}, {.42f, .00f}, {.26f, .18f}, {.48f, .44f}, {.72f, .74f},
                                     {.50f, 1.0f},    {.26f, .78f}, {.48f, .50f}, {.72f, .22f}, {.60f, .03f}};

constexpr GlyphPoint kNineStraight[] = {{.78f, .14f, S}, {.48f, .01f},    {.18f, .18f}, {.26f, .44f},
                                        {.58f, .44f},    {.80f, .12f, C}, {.76f, .52f}, {.70f, 1.0f}};
constexpr GlyphPoint kNineTailed[] = {{.80f, .18f, S}, {.50f, .00f},    {.20f, .18f}, {.28f, .46f},
                                      {.62f, .44f},    {.82f, .16f, C}, {.84f, .56f}, {.68f, .92f},
                                      {.40f, 1.0f},    {.16f, .90f}};
constexpr GlyphPoint kNineLeaning[] = {{.76f, .10f, S}, {.46f, .02f}, {.20f, .24f}, {.34f, .46f},
                                       {.66f, .36f},    {.82f, .08f}, {.68f, .50f}, {.46f, 1.0f}};
constexpr GlyphPoint kNineRound[] = {{.62f, .50f, S}, {.28f, .48f}, {.18f, .20f}, {.46f, .00f},
                                     {.76f, .12f},    {.80f, .44f}, {.74f, .76f}, {.64f, 1.0f}};

constexpr Glyph kZero[] = {
    {.35f, kZeroOval}, {.25f, kZeroHooked}, {.15f, kZeroNarrow}, {.25f, kZeroClockwise}};
constexpr Glyph kOne[] = {{.55f, kOnePlain}, {.17f, kOneFlag}, {.06f, kOneFoot}, {.22f, kOneBowed}};
constexpr Glyph kTwo[] = {{.30f, kTwoAngular}, {.30f, kTwoLooped}, {.20f, kTwoWavy}, {.20f, kTwoSwan}};
constexpr Glyph kThree[] = {
    {.35f, kThreeCusped}, {.20f, kThreeLooped}, {.15f, kThreeFlat}, {.30f, kThreeRound}};
constexpr Glyph kFour[] = {{.25f, kFourOpen},
                           {.20f, kFourRounded},
                           {.20f, kFourClosed},
                           {.20f, kFourOneLine},
                           {.15f, kFourNarrowTop}};
constexpr Glyph kFive[] = {{.35f, kFiveHat}, {.30f, kFiveOneLine}, {.20f, kFiveSnake}, {.15f, kFiveAngular}};
constexpr Glyph kSix[] = {{.35f, kSixSwept}, {.25f, kSixUpright}, {.20f, kSixCurled}, {.20f, kSixSmallLoop}};
constexpr Glyph kSeven[] = {
    {.40f, kSevenPlain}, {.20f, kSevenHooked}, {.20f, kSevenBarred}, {.20f, kSevenCurved}};
constexpr Glyph kEight[] = {
    {.40f, kEightCrossed}, {.20f, kEightCircles}, {.25f, kEightOpen}, {.15f, kEightSlim}};
constexpr Glyph kNine[] = {
    {.35f, kNineStraight}, {.20f, kNineTailed}, {.25f, kNineLeaning}, {.20f, kNineRound}};

constexpr std::array<std::span<const Glyph>, 10> kGlyphs = {kZero, kOne, kTwo,   kThree, kFour,
                                                            kFive, kSix, kSeven, kEight, kNine};

}  // namespace

std::span<const Glyph> GlyphsOf(int digit) {
  return kGlyphs[static_cast<size_t>(digit)];
}

}  // namespace synfire
