// Morton codes, codes of the cells of a grid, and the windows that neurons see.
#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "native/spatial/grid.h"
#include "native/spatial/morton.h"
#include "native/tests/check.h"
#include "native/tests/spatial_support.h"

namespace synfire::spatial {
namespace {

/// The code bit by bit.
std::uint64_t Interleaved(const Position& p) {
  std::uint64_t code = 0;
  for (int bit = 0; bit < 16; ++bit) {
    code |= (std::uint64_t{p.x} >> bit & 1) << 3 * bit;
    code |= (std::uint64_t{p.y} >> bit & 1) << (3 * bit + 1);
    code |= (std::uint64_t{p.z} >> bit & 1) << (3 * bit + 2);
  }
  return code;
}

std::vector<Position> SomePositions() {
  std::vector<Position> positions;
  constexpr std::uint16_t kExtremes[] = {0, 1, 2, 255, 256, 0x5555, 0xAAAA, 32767, 32768, 65534, 65535};
  for (const std::uint16_t x : kExtremes)
    for (const std::uint16_t y : kExtremes)
      for (const std::uint16_t z : kExtremes) positions.push_back({x, y, z});
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    positions.push_back({static_cast<std::uint16_t>(random.Bits()), static_cast<std::uint16_t>(random.Bits()),
                         static_cast<std::uint16_t>(random.Bits())});
  }
  return positions;
}

Position ToPosition(const Extent& e) {
  return {static_cast<std::uint16_t>(e[0]), static_cast<std::uint16_t>(e[1]),
          static_cast<std::uint16_t>(e[2])};
}

template <class Visit>
void ForPositions(const Extent& size, Visit&& visit) {
  for (std::uint32_t z = 0; z < size[2]; ++z)
    for (std::uint32_t y = 0; y < size[1]; ++y)
      for (std::uint32_t x = 0; x < size[0]; ++x) visit(Extent{x, y, z});
}

const std::vector<Extent> kShapes = {{1, 1, 1},  {2, 1, 1},     {1, 7, 3},    {3, 1, 5},  {1, 1, 9},
                                     {4, 4, 4},  {5, 6, 7},     {17, 2, 1},   {2, 33, 3}, {1, 64, 2},
                                     {8, 8, 8},  {9, 9, 9},     {31, 1, 4},   {16, 4, 1}, {100, 3, 2},
                                     {13, 1, 1}, {65535, 1, 1}, {1, 1, 65535}};

TEST("spatial Morton codes: known values") {
  CHECK_EQUAL(MortonEncode({0, 0, 0}), 0u);
  CHECK_EQUAL(MortonEncode({1, 0, 0}), 1u);
  CHECK_EQUAL(MortonEncode({0, 1, 0}), 2u);
  CHECK_EQUAL(MortonEncode({0, 0, 1}), 4u);
  CHECK_EQUAL(MortonEncode({3, 0, 0}), 9u);
  CHECK_EQUAL(MortonEncode({5, 9, 1}), 1095u);
  CHECK_EQUAL(MortonEncode({65535, 65535, 65535}), (std::uint64_t{1} << 48) - 1);
  CHECK_EQUAL(MortonEncode({32768, 0, 0}), std::uint64_t{1} << 45);
  CHECK_EQUAL(MortonEncode({0, 0, 32768}), std::uint64_t{1} << 47);
}

TEST("spatial Morton codes: bits are interleaved and decoding is the inverse") {
  for (const Position& p : SomePositions()) {
    CHECK_EQUAL(MortonEncode(p), Interleaved(p));
    CHECK(MortonDecode(MortonEncode(p)) == p);
  }
}

TEST("spatial Morton codes: every instruction set encodes alike") {
  const std::vector<Position> positions = SomePositions();
  std::vector<std::uint16_t> flat;
  for (const Position& p : positions) flat.insert(flat.end(), {p.x, p.y, p.z});
  for (const Kernels* kernels : SupportedTables()) {
    // All lengths around those of vectors, then all positions.
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{16},
                                    std::size_t{33}, positions.size()}) {
      std::vector<std::uint64_t> codes(positions.size() + 1, 77);
      kernels->encode(flat.data(), count, codes.data());
      for (std::size_t i = 0; i < count; ++i) CHECK_EQUAL(codes[i], MortonEncode(positions[i]));
      for (std::size_t i = count; i < codes.size(); ++i) CHECK_EQUAL(codes[i], 77u);
    }
  }
}

TEST("spatial grids: codes are unique, lie in the box and lead back to their cells") {
  for (const Extent& size : kShapes) {
    const Grid grid(size);
    CHECK_EQUAL(grid.cells(), Cells(size));
    CHECK(grid.cells() <= grid.box_cells());
    CHECK(grid.box_cells() <= 8 * grid.cells());
    CHECK_EQUAL(grid.box_cells() & (grid.box_cells() - 1), 0u);
    std::vector<bool> taken(grid.box_cells());
    ForPositions(size, [&](const Extent& p) {
      const std::uint32_t code = grid.CodeOf(p[0], p[1], p[2]);
      CHECK(code < grid.box_cells());
      CHECK(!taken[code]);
      taken[code] = true;
      CHECK(grid.PositionOf(code) == p);
      CHECK_EQUAL(grid.Part(0, p[0]) | grid.Part(1, p[1]) | grid.Part(2, p[2]), code);
    });
    // A code leads to a cell of the grid exactly when a cell has it.
    for (std::uint32_t code = 0; code < grid.box_cells(); ++code)
      CHECK_EQUAL(grid.Contains(grid.PositionOf(code)), taken[code]);
  }
}

TEST("spatial grids: codes rise as Morton codes do") {
  for (const Extent& size : kShapes) {
    const Grid grid(size);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> codes;
    ForPositions(size, [&](const Extent& p) {
      codes.emplace_back(MortonEncode(ToPosition(p)), grid.CodeOf(p[0], p[1], p[2]));
    });
    std::sort(codes.begin(), codes.end());
    for (std::size_t i = 1; i < codes.size(); ++i) CHECK(codes[i - 1].second < codes[i].second);
  }
}

TEST("spatial grids: codes of cubes are Morton codes") {
  for (const std::uint32_t side : {1u, 2u, 4u, 7u, 16u, 20u}) {
    const Grid grid({side, side, side});
    ForPositions(grid.size(), [&](const Extent& p) {
      CHECK_EQUAL(grid.CodeOf(p[0], p[1], p[2]), MortonEncode(ToPosition(p)));
    });
  }
}

TEST("spatial windows: the cell and its 26 neighbours") {
  const Grid grid({9, 8, 7});
  const Window window(grid, grid, {1, 1, 1});
  CHECK_EQUAL(window.cells(), 27u);
  CHECK_EQUAL(WindowCells(grid.size(), {1, 1, 1}), 27u);
  ForPositions(grid.size(), [&](const Extent& p) {
    std::set<std::uint32_t> seen, expected;
    for (const Extent& offset : window.offsets()) {
      std::uint32_t code = 0;
      for (int axis = 0; axis < 3; ++axis) code |= window.Parts(axis, p[axis])[offset[axis]];
      seen.insert(code);
    }
    // At a border the window is moved inward.
    Extent middle = p;
    for (int axis = 0; axis < 3; ++axis) middle[axis] = std::clamp(p[axis], 1u, grid.size()[axis] - 2);
    ForPositions({3, 3, 3}, [&](const Extent& d) {
      expected.insert(grid.CodeOf(middle[0] + d[0] - 1, middle[1] + d[1] - 1, middle[2] + d[2] - 1));
    });
    CHECK(seen == expected);
    std::uint32_t own = 0;
    for (int axis = 0; axis < 3; ++axis) own |= window.MiddlePart(axis, p[axis]);
    CHECK_EQUAL(own, grid.CodeOf(p[0], p[1], p[2]));
    CHECK(seen.contains(own));
  });
}

TEST("spatial windows: cells come in Morton order and have a number each") {
  for (const Extent& reach : {Extent{1, 1, 1}, Extent{0, 0, 0}, Extent{2, 1, 0}, Extent{0, 3, 9}}) {
    const Grid below({7, 5, 6});
    const Window window(below, Grid({3, 3, 3}), reach);
    const Extent size = window.size();
    for (int axis = 0; axis < 3; ++axis)
      CHECK_EQUAL(size[axis], std::min(2 * reach[axis] + 1, below.size()[axis]));
    CHECK_EQUAL(window.cells(), Cells(size));
    CHECK_EQUAL(window.cells(), WindowCells(below.size(), reach));
    CHECK_EQUAL(window.offsets().size(), window.cells());
    CHECK_EQUAL(window.slots().size(), window.cells());
    for (std::uint32_t k = 0; k < window.cells(); ++k) {
      const Extent& offset = window.offsets()[k];
      if (k > 0) CHECK(MortonEncode(ToPosition(window.offsets()[k - 1])) < MortonEncode(ToPosition(offset)));
      CHECK_EQUAL(window.slots()[offset[0] + size[0] * (offset[1] + size[1] * offset[2])], k);
    }
  }
}

TEST("spatial windows: lie around scaled positions and stay whole") {
  for (const std::uint32_t under : {1u, 2u, 3u, 8u, 28u, 31u}) {
    for (const std::uint32_t over : {1u, 2u, 5u, 8u, 28u, 57u}) {
      for (const std::uint32_t reach : {0u, 1u, 2u, 7u}) {
        const Grid below({under, 1, 2}), own({over, 3, 1});
        const Window window(below, own, {reach, reach, 0});
        const std::uint32_t size = window.size()[0];
        CHECK_EQUAL(size, std::min(2 * reach + 1, under));
        std::uint32_t last = 0;
        for (std::uint32_t c = 0; c < over; ++c) {
          // The cell below the middle of cell c.
          const auto middle = static_cast<std::uint32_t>((c + 0.5) * under / over);
          const std::uint32_t start = window.Start(0, c);
          CHECK(start + size <= under);
          CHECK(start >= last);
          last = start;
          CHECK_EQUAL(window.MiddlePart(0, c), below.Part(0, middle));
          CHECK(start <= middle && middle < start + size);
          if (middle >= reach && middle + reach < under) CHECK_EQUAL(start + reach, middle);
          for (std::uint32_t k = 0; k < size; ++k)
            CHECK_EQUAL(window.Parts(0, c)[k], below.Part(0, start + k));
        }
      }
    }
  }
}

TEST("spatial windows: those who see a cell are those whose windows hold it") {
  for (const Extent& under : {Extent{9, 2, 5}, Extent{3, 16, 1}, Extent{30, 1, 7}, Extent{1, 1, 1}}) {
    for (const Extent& over : {Extent{9, 2, 5}, Extent{4, 4, 4}, Extent{1, 40, 2}}) {
      for (const std::uint32_t reach : {0u, 1u, 3u}) {
        const Grid below(under), own(over);
        const Window window(below, own, {reach, reach, reach});
        for (int axis = 0; axis < 3; ++axis) {
          for (std::uint32_t cell = 0; cell < under[axis]; ++cell) {
            const auto [first, last] = window.Seers(axis, cell);
            for (std::uint32_t c = 0; c < over[axis]; ++c) {
              const std::uint32_t start = window.Start(axis, c);
              const bool sees = start <= cell && cell < start + window.size()[axis];
              CHECK_EQUAL(first <= c && c < last, sees);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace synfire::spatial
