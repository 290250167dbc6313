// Landmarks of one scheme from those of another: sparse rows, and points on polylines.
//
// Row r takes entries row_start[r] .. row_start[r + 1] of `index` and `weight`:
//   none: NaN, unless an arc fills it;   one with weight 1: copied, bit for bit;
//   else: sum of weight * point, in order, in float64, rounded once. NaN in a source makes the row
//   NaN.
// Arc a puts `arc_target[a]` on polyline `arc_path[a]` (entries path_start[p] .. of path_index), at
// arc_fraction[a] of its length. NaN in a polyline makes all its points NaN; a polyline of no
// length gives its first point.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

constexpr std::size_t remap_longest_path = 64;  // points of a polyline, at least 2

struct RemapTable {
  std::size_t sources, rows, arcs;
  const std::int64_t* row_start;
  const std::int64_t* index;
  const double* weight;
  const std::int64_t* path_start;
  const std::int64_t* path_index;
  const std::int64_t* arc_path;
  const std::int64_t* arc_target;
  const double* arc_fraction;
};

// in (batch, sources, 2) -> out (batch, rows, 2). Indices of the table are within range; the caller
// checks.
struct RemapKernels {
  void (*remap_float)(const float* in, std::size_t batch, const RemapTable& table, float* out);
  void (*remap_double)(const double* in, std::size_t batch, const RemapTable& table, double* out);
};

}  // namespace flm
