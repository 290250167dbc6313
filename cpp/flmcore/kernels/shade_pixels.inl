// Which samples of a pixel get one colour, and what lies in their middle.
#pragma once

#include "flmcore/kernels/four_floats.inl"
#include "flmcore/kernels/shade_light.inl"

namespace flm::FLM_ISA {
namespace {
namespace shading {

constexpr int most_samples = shade_most_samples * shade_most_samples;

// Samples of a pixel in one triangle: how many, and sums of their weights.
struct Piece {
  std::int32_t triangle;
  float count, second, third;
  int group;
};

// Pieces that get one colour.
struct Group {
  const ShadePart* part;
  float count;
  float u, v, depth;  // of the first piece
  float sum[shade_vertex];
};

struct Pixel {
  int pieces, groups;
  Piece piece[most_samples];
  Group group[most_samples];
  int shown[most_samples];  // piece of a sample, or -1
};

// Numbers of a triangle's three vertices, mixed.
inline void mix(const ShadeJob& job, std::int32_t triangle, float a, float b, float c, float* out) {
  const std::int32_t* v = job.triangles + 3 * triangle;
  const float* from[3] = {job.packed + shade_vertex * v[0], job.packed + shade_vertex * v[1],
                          job.packed + shade_vertex * v[2]};
  const FourFloats share_a = FourFloats::all(a), share_b = FourFloats::all(b),
                   share_c = FourFloats::all(c);
  for (std::size_t k = 0; k < shade_vertex; k += 4)
    FourFloats::load(from[0] + k)
        .times(share_a)
        .plus(FourFloats::load(from[1] + k).times(share_b))
        .plus(FourFloats::load(from[2] + k).times(share_c))
        .store(out + k);
}

// The piece of a triangle, which may be a new one.
inline int piece_of(std::int32_t triangle, Pixel& pixel) {
  int at = pixel.pieces - 1;
  while (at >= 0 && pixel.piece[at].triangle != triangle) --at;
  if (at >= 0) return at;
  pixel.piece[pixel.pieces] = {triangle, 0, 0, 0, 0};
  return pixel.pieces++;
}

// Samples beside each other mostly show one triangle: its sums wait in registers for the next.
inline void find_pieces(const ShadePixels& p, std::size_t first, Pixel& pixel) {
  const std::size_t row = static_cast<std::size_t>(p.width * p.side);
  Piece now = {-1, 0, 0, 0, 0};
  int at = -1, *shown = pixel.shown;
  for (std::ptrdiff_t j = 0; j < p.side; ++j, first += row)
    for (std::size_t i = first; i < first + static_cast<std::size_t>(p.side); ++i, ++shown) {
      const std::int32_t triangle = p.triangle[i];
      if (triangle != now.triangle) {
        if (at >= 0) pixel.piece[at] = now;
        at = triangle < 0 ? -1 : piece_of(triangle, pixel);
        now = at < 0 ? Piece{-1, 0, 0, 0, 0} : pixel.piece[at];
      }
      now.count += 1, now.second += p.weights[2 * i], now.third += p.weights[2 * i + 1];
      *shown = at;
    }
  if (at >= 0) pixel.piece[at] = now;
}

inline bool is_near(float a, float b, float most) {
  const float apart = a - b;
  return apart <= most && -apart <= most;  // not NaN
}

// The first group that the piece goes with, or one of its own.
inline void join(const ShadeJob& job, Piece& piece, Pixel& pixel) {
  alignas(16) float sum[shade_vertex];
  mix(job, piece.triangle, piece.count - piece.second - piece.third, piece.second, piece.third,
      sum);
  const ShadePart* part = job.parts + job.part[piece.triangle];
  const float one = 1 / piece.count;
  const float u = sum[Tile::u] * one, v = sum[Tile::v] * one, depth = sum[Tile::z] * one;
  int at = 0;
  for (; at < pixel.groups; ++at) {
    const Group& group = pixel.group[at];
    if (group.part == part && is_near(u, group.u, shade_same_place) &&
        is_near(v, group.v, shade_same_place) &&
        is_near(depth, group.depth, group.depth * shade_same_depth))
      break;
  }
  Group& group = pixel.group[at];
  piece.group = at;
  if (at == pixel.groups) {
    ++pixel.groups;
    group.part = part, group.count = piece.count, group.u = u, group.v = v, group.depth = depth;
    std::memcpy(group.sum, sum, sizeof sum);
    return;
  }
  group.count += piece.count;
  for (std::size_t k = 0; k < shade_vertex; k += 4)
    FourFloats::load(group.sum + k).plus(FourFloats::load(sum + k)).store(group.sum + k);
}

// Finds the groups of a pixel, whose first sample is `first`.
inline void find_groups(const ShadeJob& job, const ShadePixels& p, std::size_t first,
                        Pixel& pixel) {
  pixel.pieces = pixel.groups = 0;
  find_pieces(p, first, pixel);
  for (int i = 0; i < pixel.pieces; ++i) join(job, pixel.piece[i], pixel);
}

// Says which colour each sample of the pixel shows, if its first group's is `colour`.
inline void name_colours(const ShadePixels& p, std::size_t first, std::int32_t colour,
                         const Pixel& pixel) {
  const std::size_t row = static_cast<std::size_t>(p.width * p.side);
  const int* shown = pixel.shown;
  for (std::ptrdiff_t j = 0; j < p.side; ++j)
    for (std::ptrdiff_t i = 0; i < p.side; ++i, ++shown)
      p.shown[first + static_cast<std::size_t>(j) * row + static_cast<std::size_t>(i)] =
          *shown < 0 ? -1 : colour + pixel.piece[*shown].group;
}

}  // namespace shading
}  // namespace
}  // namespace flm::FLM_ISA
