// The blurred map that DARK refines on, computed only where it is looked at. Outside the map is
// zero.
//
// The published procedure blurs whole maps and rescales each to its old maximum. The scale cancels
// in differences of logarithms, so a few cells about the peak are enough, unless the published
// limits on the values bite: then the scale is needed, and with it the maximum of the whole blurred
// map.
#pragma once

#include "flmcore/kernels/gaussian.inl"
#include "flmcore/kernels/heatmap.hpp"
#include "flmcore/kernels/peak.inl"

namespace flm::FLM_ISA {
namespace {

constexpr int blur_tile = 16;
constexpr int blur_reach = blur_tile + max_blur - 1;  // cells that a tile's blur looks at, one way
constexpr int blur_step = (blur_reach + 15) / 16 * 16;

struct Blur {
  Taps taps;
  double cells[blur_reach * blur_step];
  double down[blur_tile * blur_step];  // blurred along y only
  float row[blur_step];
};

// One row of `step` cells from column `left` on as doubles.
inline void load_cells(const Map& map, std::ptrdiff_t y, std::ptrdiff_t left, int step, float* row,
                       double* out) {
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(map.width);
  int first = left < 0 ? static_cast<int>(-left) : 0;
  int last = left + step > width ? static_cast<int>(width - left) : step;
  if (y < 0 || y >= static_cast<std::ptrdiff_t>(map.height)) first = last = 0;
  if (first >= last) {
    for (int i = 0; i < step; ++i) out[i] = 0;
    return;
  }
  const float* values =
      row_values(map, static_cast<std::size_t>(y), static_cast<std::size_t>(left + first),
                 static_cast<std::size_t>(last - first), row);
  if (last - first == step) {
    for (int i = 0; i < step; i += 4) Doubles::load(values + i).store(out + i);
    return;
  }
  for (int i = 0; i < first; ++i) out[i] = 0;
  for (int i = first; i < last; ++i) out[i] = static_cast<double>(values[i - first]);
  for (int i = last; i < step; ++i) out[i] = 0;
}

// Doubles from one row of a block to the next.
inline int block_step(int columns, int radius) { return (columns + 2 * radius + 15) / 16 * 16; }

inline bool in_place(const Map& map, std::ptrdiff_t top, std::ptrdiff_t left, int rows, int step) {
  return map.type == MapType::float32 && map.column_step == 4 && top >= 0 && left >= 0 &&
         top + rows <= static_cast<std::ptrdiff_t>(map.height) &&
         left + step <= static_cast<std::ptrdiff_t>(map.width);
}

// The cells that a block from (top, left) on looks at, as doubles.
inline void load_block(const Map& map, std::ptrdiff_t top, std::ptrdiff_t left, int rows, int step,
                       Blur& blur) {
  for (int i = 0; i < rows; ++i)
    load_cells(map, top + i, left, step, blur.row, blur.cells + i * step);
}

// Prepares rows x columns blurred values (4 to blur_tile columns) from (top, left) on for
// `blurred_cells`.
inline void blur_block(const Map& map, std::ptrdiff_t top, std::ptrdiff_t left, int rows,
                       int columns, int radius, Blur& blur) {
  const int step = block_step(columns, radius);
  load_block(map, top - radius, left - radius, rows + 2 * radius, step, blur);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < step; j += 16)
      blur_down(blur.cells + (i + radius) * step + j, step, blur.taps, radius,
                blur.down + i * step + j);
}

// The same for the usual blur of 11 about a peak, where the time goes: a column of cells is read
// once, each cell added to the sums of every row that it reaches. Unrolled by recursion, so that
// sums and weights stay in registers.
template <int y, int rows, class Cell>
inline void add_cells(const char* cells, std::ptrdiff_t pitch, const Doubles (&weights)[6],
                      Doubles (&sums)[rows]) {
  const Doubles cell = Doubles::load(reinterpret_cast<const Cell*>(cells));
  for (int i = 0; i < rows; ++i) {
    const int away = y > i + 5 ? y - i - 5 : i + 5 - y;
    if (away <= 5) sums[i] = sums[i] + weights[away] * cell;
  }
  if constexpr (y + 1 < rows + 10)
    add_cells<y + 1, rows, Cell>(cells + pitch, pitch, weights, sums);
}

template <int rows, class Cell>
inline void blur_columns(const char* cells, std::ptrdiff_t pitch, const Taps& taps, double* down) {
  Doubles weights[6], sums[rows];
  for (int t = 0; t < 6; ++t) weights[t] = Doubles::all(taps.weight[t]);
  for (int j = 0; j < 16; j += 4) {
    for (int i = 0; i < rows; ++i) sums[i] = Doubles::all(0.0);
    add_cells<0, rows, Cell>(cells + static_cast<std::ptrdiff_t>(sizeof(Cell)) * j, pitch, weights,
                             sums);
    for (int i = 0; i < rows; ++i) sums[i].store(down + i * 16 + j);
  }
}

// blur_block for one size of block, `rows` x 4 or 5 columns.
template <int rows>
inline void blur_near(const Map& map, std::ptrdiff_t top, std::ptrdiff_t left, Radius5,
                      Blur& blur) {
  top -= 5, left -= 5;
  if (in_place(map, top, left, rows + 10, 16)) {
    blur_columns<rows, float>(map.data + top * map.row_step + left * 4, map.row_step, blur.taps,
                              blur.down);
    return;
  }
  load_block(map, top, left, rows + 10, 16, blur);
  blur_columns<rows, double>(reinterpret_cast<const char*>(blur.cells), 16 * sizeof(double),
                             blur.taps, blur.down);
}

template <int rows>
inline void blur_near(const Map& map, std::ptrdiff_t top, std::ptrdiff_t left, int radius,
                      Blur& blur) {
  blur_block(map, top, left, rows, rows == 5 ? 5 : 4, radius, blur);
}

// Four blurred values of the block, from (row, column) on.
template <class Radius>
inline void blurred_cells(const Blur& blur, int row, int column, int step, Radius radius,
                          double* out) {
  blurred(blur.down + row * step + column + radius, 1, blur.taps, radius).store(out);
}

inline double blurred_maximum(const Map& map, Blur& blur) {
  const int radius = blur.taps.radius;
  const std::ptrdiff_t height = static_cast<std::ptrdiff_t>(map.height);
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(map.width);
  double most = -HUGE_VAL;
  for (std::ptrdiff_t top = 0; top < height; top += blur_tile)
    for (std::ptrdiff_t left = 0; left < width; left += blur_tile) {
      const int rows = static_cast<int>(height - top < blur_tile ? height - top : blur_tile);
      const int columns = static_cast<int>(width - left < blur_tile ? width - left : blur_tile);
      blur_block(map, top, left, rows, blur_tile, radius, blur);
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < columns; j += 4) {
          double values[4];
          blurred_cells(blur, i, j, block_step(blur_tile, radius), radius, values);
          for (int l = 0; l < 4 && j + l < columns; ++l) most = values[l] > most ? values[l] : most;
        }
    }
  return most;
}

// Scales the blurred values so that the map's maximum is the peak's value, and limits them to [low,
// high]; leaves them alone where that cannot change a difference of their logarithms. A blur never
// exceeds the map's maximum, so the scale is at least 1: values at or above `low` stay so, and none
// passes `high` where the peak does not. As published, a blurred map of negative values alone gets
// a negative scale: the stationary point of its logarithm stays where it is. False where the
// blurred maximum is 0.
template <class BlurredMaximum>
inline bool limit_cells(double* values, int count, double peak, double low, double high,
                        BlurredMaximum maximum) {
  double least = values[0];
  for (int i = 1; i < count; ++i) least = values[i] < least ? values[i] : least;
  if (least >= low && peak <= high) return true;
  const double most = maximum();
  if (most == 0) return false;
  const double scale = peak / most;
  for (int i = 0; i < count; ++i) {
    const double scaled = values[i] * scale;
    values[i] = scaled < low ? low : scaled > high ? high : scaled;
  }
  return true;
}

}  // namespace
}  // namespace flm::FLM_ISA
