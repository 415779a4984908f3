// Codes of cells and geometry of windows, as tables per axis.
#include "native/spatial/grid.h"

#include <algorithm>
#include <bit>

namespace synfire::spatial {

Grid::Grid(Extent size) : size_(size) {
  int place = 0;
  std::array<int, 3> widths;
  for (int axis = 0; axis < 3; ++axis) widths[axis] = std::bit_width(size[axis] - 1);
  for (int bit = 0; bit < *std::max_element(widths.begin(), widths.end()); ++bit) {
    for (int axis = 0; axis < 3; ++axis) {
      if (bit < widths[axis]) bits_[axis].push_back(static_cast<std::uint8_t>(place++));
    }
  }
  box_cells_ = std::uint32_t{1} << place;
  for (int axis = 0; axis < 3; ++axis) {
    parts_[axis].resize(size[axis]);
    for (std::uint32_t c = 0; c < size[axis]; ++c) {
      for (std::size_t bit = 0; bit < bits_[axis].size(); ++bit) {
        parts_[axis][c] |= (c >> bit & 1) << bits_[axis][bit];
      }
    }
  }
}

Extent Grid::PositionOf(std::uint32_t code) const {
  Extent position{};
  for (int axis = 0; axis < 3; ++axis) {
    for (std::size_t bit = 0; bit < bits_[axis].size(); ++bit) {
      position[axis] |= (code >> bits_[axis][bit] & 1) << bit;
    }
  }
  return position;
}

std::uint64_t WindowCells(Extent below, Extent reach) {
  std::uint64_t cells = 1;
  for (int axis = 0; axis < 3; ++axis) {
    cells *= std::min<std::uint64_t>(2 * std::uint64_t{reach[axis]} + 1, below[axis]);
  }
  return cells;
}

Window::Window(const Grid& below, const Grid& own, Extent reach) {
  for (int axis = 0; axis < 3; ++axis) {
    const std::uint32_t under = below.size()[axis], over = own.size()[axis];
    size_[axis] = std::min(2 * reach[axis] + 1, under);
    seers_[axis].assign(under, {over, 0});
    for (std::uint32_t c = 0; c < over; ++c) {
      const auto middle =
          static_cast<std::uint32_t>((2 * std::uint64_t{c} + 1) * under / (2 * std::uint64_t{over}));
      const std::uint32_t start = std::min(middle - std::min(middle, reach[axis]), under - size_[axis]);
      starts_[axis].push_back(start);
      middle_parts_[axis].push_back(below.Part(axis, middle));
      for (std::uint32_t k = 0; k < size_[axis]; ++k) {
        parts_[axis].push_back(below.Part(axis, start + k));
        auto& [first, last] = seers_[axis][start + k];
        first = std::min(first, c);
        last = std::max(last, c + 1);
      }
    }
  }
  for (std::uint32_t z = 0; z < size_[2]; ++z)
    for (std::uint32_t y = 0; y < size_[1]; ++y)
      for (std::uint32_t x = 0; x < size_[0]; ++x) offsets_.push_back({x, y, z});
  const auto code = [](const Extent& p) {
    return MortonEncode({static_cast<std::uint16_t>(p[0]), static_cast<std::uint16_t>(p[1]),
                         static_cast<std::uint16_t>(p[2])});
  };
  std::sort(offsets_.begin(), offsets_.end(),
            [&](const Extent& a, const Extent& b) { return code(a) < code(b); });
  slots_.resize(cells());
  for (std::uint32_t k = 0; k < cells(); ++k) {
    const auto& [x, y, z] = offsets_[k];
    slots_[(z * size_[1] + y) * size_[0] + x] = k;
  }
}

}  // namespace synfire::spatial
