// Grids of cells in Morton order, and the window of the grid below that a neuron sees.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/spatial/morton.h"

namespace synfire::spatial {

/// Sizes or offsets along x, y and z.
using Extent = std::array<std::uint32_t, 3>;

/// The cells of a grid by code: Morton codes in which an axis that has run out of bits leaves no gaps. Codes
/// of cells are unique, rise as Morton codes do, and lie below `box_cells`, at most eight times the cells.
class Grid {
 public:
  explicit Grid(Extent size);

  Extent size() const { return size_; }
  /// Cells of the grid.
  std::uint32_t cells() const { return size_[0] * size_[1] * size_[2]; }
  /// A power of two above every code.
  std::uint32_t box_cells() const { return box_cells_; }
  std::uint32_t CodeOf(std::uint32_t x, std::uint32_t y, std::uint32_t z) const {
    return parts_[0][x] | parts_[1][y] | parts_[2][z];
  }
  /// What a coordinate adds to a code.
  std::uint32_t Part(int axis, std::uint32_t coordinate) const {
    return parts_[static_cast<std::size_t>(axis)][coordinate];
  }
  Extent PositionOf(std::uint32_t code) const;
  bool Contains(const Extent& position) const {
    return position[0] < size_[0] && position[1] < size_[1] && position[2] < size_[2];
  }

 private:
  Extent size_;
  std::uint32_t box_cells_ = 1;
  std::array<std::vector<std::uint32_t>, 3> parts_;
  std::array<std::vector<std::uint8_t>, 3> bits_;  // places of an axis's bits in a code
};

/// The box of cells in the grid below that the neurons of a site see: up to 2 * reach + 1 along each axis
/// around the site's scaled position, moved inward at borders so that it is whole.
class Window {
 public:
  Window(const Grid& below, const Grid& own, Extent reach);

  /// Cells in a window.
  std::uint32_t cells() const { return size_[0] * size_[1] * size_[2]; }
  Extent size() const { return size_; }
  /// Cells of a window in Morton order, as offsets from its first corner.
  const std::vector<Extent>& offsets() const { return offsets_; }
  /// What the k-th cell of the window of coordinate `c` adds to a code of the grid below.
  const std::uint32_t* Parts(int axis, std::uint32_t c) const {
    return parts_[static_cast<std::size_t>(axis)].data() + c * size_[static_cast<std::size_t>(axis)];
  }
  /// What the middle of the window of coordinate `c` adds.
  std::uint32_t MiddlePart(int axis, std::uint32_t c) const {
    return middle_parts_[static_cast<std::size_t>(axis)][c];
  }
  /// The first coordinate below that the window of coordinate `c` has.
  std::uint32_t Start(int axis, std::uint32_t c) const { return starts_[static_cast<std::size_t>(axis)][c]; }
  /// Coordinates [first, second) of the grid above whose windows hold coordinate `c` of the grid below.
  std::array<std::uint32_t, 2> Seers(int axis, std::uint32_t c) const {
    return seers_[static_cast<std::size_t>(axis)][c];
  }
  /// Number of a window's cell by its raster index, x fastest.
  const std::vector<std::uint32_t>& slots() const { return slots_; }

 private:
  Extent size_;
  std::vector<Extent> offsets_;
  std::vector<std::uint32_t> slots_;
  std::array<std::vector<std::uint32_t>, 3> parts_, middle_parts_, starts_;
  std::array<std::vector<std::array<std::uint32_t, 2>>, 3> seers_;
};

/// Cells of a window of this reach over a grid.
std::uint64_t WindowCells(Extent below, Extent reach);

}  // namespace synfire::spatial
