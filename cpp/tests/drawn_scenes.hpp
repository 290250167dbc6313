// Meshes for the drawing kernels, and what they draw of them. Every array is a heap block of
// exactly its size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "check.hpp"

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN(),
                endless = std::numeric_limits<float>::infinity(),
                largest = std::numeric_limits<float>::max();

struct Generator {
  std::uint32_t state = 777;
  std::uint32_t next() { return state = state * 1664525u + 1013904223u; }
  float between(float low, float high) {
    return low + (high - low) * static_cast<float>(next() >> 8) / 16777216.0f;
  }
};

struct Scene {
  std::vector<float> vertices, uv;
  std::vector<std::int32_t> triangles, part;

  std::size_t corners() const { return vertices.size() / 3; }
  std::size_t count() const { return triangles.size() / 3; }
};

// Each three vertices a triangle, seen from either side; blocks without room to spare.
inline Scene triangles_of(const std::vector<float>& vertices, Generator& random) {
  Scene scene;
  const std::size_t corners = vertices.size() / 3;
  scene.vertices = vertices;
  scene.uv = std::vector<float>(2 * corners);
  for (float& value : scene.uv) value = random.between(-0.5f, 1.5f);
  scene.triangles = std::vector<std::int32_t>(corners / 3 * 6);
  scene.part = std::vector<std::int32_t>(corners / 3 * 2);
  const std::int32_t order[6] = {0, 1, 2, 2, 1, 0};
  for (std::size_t i = 0; i < scene.triangles.size(); ++i)
    scene.triangles[i] = static_cast<std::int32_t>(i / 6 * 3) + order[i % 6];
  for (std::size_t i = 0; i < scene.part.size(); ++i)
    scene.part[i] = static_cast<std::int32_t>(i % 3);
  return scene;
}

inline Scene some_triangles(std::size_t n, float reach, Generator& random) {
  std::vector<float> vertices(9 * n);
  for (std::size_t i = 0; i < vertices.size(); ++i)
    vertices[i] = i % 3 == 2 ? random.between(5, 50) : random.between(-reach, 40 + reach);
  return triangles_of(vertices, random);
}

// Good triangles with `value` at every coordinate of every corner in turn.
inline Scene spoiled(float value, Generator& random) {
  Scene scene = some_triangles(9, 10, random);
  for (std::size_t i = 0; i < 9; ++i) scene.vertices[10 * i] = value;
  return scene;
}

// Stays valid as long as the scene.
struct Drawn {
  std::vector<flm::RasterCorner> corners;
  std::vector<flm::RasterPart> parts;
  std::vector<float> memory, weights, depth;
  std::vector<std::int32_t> places, triangle;
  flm::RasterMesh mesh;
  flm::RasterGrid grid;

  std::size_t covered() const {
    return static_cast<std::size_t>(
        std::count_if(triangle.begin(), triangle.end(), [](std::int32_t t) { return t >= 0; }));
  }
};

inline Drawn draw(const Scene& scene, std::ptrdiff_t height, std::ptrdiff_t width, float samples,
                  const std::vector<flm::RasterPart>& parts) {
  Drawn made;
  const std::ptrdiff_t stride = width + flm::raster_beside;
  const std::size_t room = static_cast<std::size_t>(height * stride),
                    n = static_cast<std::size_t>(height * width);
  made.corners = std::vector<flm::RasterCorner>(scene.corners());
  made.parts = parts;
  made.memory = std::vector<float>(3 * room), made.places = std::vector<std::int32_t>(room, -1);
  made.weights = std::vector<float>(2 * n), made.depth = std::vector<float>(n);
  made.triangle = std::vector<std::int32_t>(n);
  float* numbers = made.memory.data();
  flm::kernels().raster.perspective(scene.vertices.data(), scene.corners(), samples, 1,
                                    made.corners.data());
  made.mesh = {made.corners.data(), scene.triangles.data(), scene.count(),
               scene.uv.data(),     scene.part.data(),      made.parts.data()};
  made.grid = {
      height, width, stride, numbers, made.places.data(), numbers + room, numbers + 2 * room};
  flm::kernels().raster.draw(made.mesh, made.grid);
  flm::kernels().raster.unpack(made.grid, made.triangle.data(), made.weights.data(),
                               made.depth.data());
  return made;
}

// Where the colours of what was drawn go, in blocks of the caller's.
inline flm::ShadePixels pixels_of(const Drawn& made, std::ptrdiff_t side,
                                  std::vector<std::int32_t>& shown, std::vector<float>& colours) {
  return {made.triangle.data(),
          made.weights.data(),
          made.grid.height / side,
          made.grid.width / side,
          side,
          shown.data(),
          colours.data()};
}
