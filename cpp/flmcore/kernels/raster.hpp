// Triangles on a grid of samples: which triangle each sample shows, and where in it.
// Corners are x, y in samples ((0, 0) is the centre of the first) and a depth above 0; they are put
// on a grid of 1/256 sample, and what follows from there is whole numbers, so that triangles which
// share an edge share no sample and leave none out. A sample on an edge belongs to the triangle of
// which it is an upper or left edge. The nearest wins, of equals the first. With pixel depth z at
// the corners, 1/z is linear on the screen; a sample's weights b of the three corners are
// perspective-correct:
//     b_i = (l_i / z_i) / sum_j (l_j / z_j),   l the shares of the triangle's area.
// A triangle is left out where a corner's depth is not above `near`, a number is not finite or an x
// or y is beyond 131,072 samples, where it has no area, and where it is seen from behind unless its
// part is two-sided. From the front its corners go counter-clockwise on the screen, y pointing
// down. The same bytes on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flm {

// Coverage of a part's texture; a sample is a hole where the texel that holds its uv is below 128.
// uv is 0 to 1 across the texture and is held to its edge. Null: no holes.
struct Cutout {
  const std::uint8_t* data;
  std::ptrdiff_t height, width, row_stride, column_stride;
};

constexpr int raster_most_samples = 16;  // along each side of a pixel
constexpr int raster_beside = 4;         // samples that a grid has room for beside each row

struct RasterPart {
  Cutout cutout;
  bool two_sided, blend;
};

struct RasterCorner {
  std::int32_t x, y;  // in 1/256 sample
  float nearness;     // 1 / depth, or minus the depth where the view is parallel
  std::int32_t good;
};

struct RasterMesh {
  const RasterCorner* corners;
  const std::int32_t* triangles;  // (count, 3), every index good
  std::size_t count;
  const float* uv;           // (corners, 2); null where no part has a cutout
  const std::int32_t* part;  // (count), every index good; null: all of part 0
  const RasterPart* parts;
};

// Where is drawn. What lies in a row beyond its width may change, and means nothing.
struct RasterGrid {
  std::ptrdiff_t height, width, stride;  // stride: from row to row, width + raster_beside or more
  float* nearness;                       // 0 where nothing is, minus infinity in a parallel view
  std::int32_t* triangle;                // -1 where nothing is
  float *second, *third;                 // weights of these corners
};

// What was drawn.
struct RasterFound {
  std::ptrdiff_t height, width;
  const std::int32_t* triangle;  // (height, width)
  const float* weights;          // (height, width, 2): of the second and third corner
};

// Samples of blended triangles that nothing opaque hides, triangle by triangle in their order.
struct BlendedSamples {
  std::size_t room;
  std::int32_t *sample, *triangle;
  float* weights;  // (room, 2)
};

// What parts are called: a label for each triangle, or, where its part has a map, the map's at uv.
struct RasterLabels {
  const std::uint8_t* label;  // (triangles)
  const Cutout* maps;  // one for each part, null where it has none; the texel is as for holes
  std::uint8_t background;
};

struct RasterKernels {
  // Corners of a perspective view: x, y in pixels, depth; `samples` along each side of a pixel.
  void (*perspective)(const float* vertices, std::size_t count, float samples, float near,
                      RasterCorner* corners);
  // Corners of a parallel view: `matrix` (3, 4) gives x, y in samples and the depth, of any sign.
  void (*parallel)(const float* vertices, std::size_t count, const float* matrix,
                   RasterCorner* corners);
  // Opaque parts into a grid that holds what nothing leaves there.
  void (*draw)(const RasterMesh& mesh, const RasterGrid& grid);
  // The same in a parallel view, of all parts, and of the nearness alone.
  void (*draw_depth)(const RasterMesh& mesh, const RasterGrid& grid);
  // Blended parts over the grid, which stays as it is. Gives how many samples there are; only as
  // many as there is room for are written.
  std::size_t (*draw_blended)(const RasterMesh& mesh, const RasterGrid& grid,
                              const BlendedSamples& out);
  // The grid without what lies beside its rows: triangle and depth (height, width), weights
  // (height, width, 2).
  void (*unpack)(const RasterGrid& grid, std::int32_t* triangle, float* weights, float* depth);
  // The label that most of a pixel's side * side samples show, of equals that of the earlier
  // sample.
  void (*label_pixels)(const RasterMesh& mesh, const RasterFound& found, const RasterLabels& labels,
                       std::ptrdiff_t side, std::uint8_t* pixels);
};

}  // namespace flm
