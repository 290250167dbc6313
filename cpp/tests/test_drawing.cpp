// The drawing kernels on meshes that nobody should give: no read or write beside what is theirs, no
// sample that shows what is not there. Every array is a heap block of exactly its size.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "check.hpp"

namespace {

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
Scene triangles_of(const std::vector<float>& vertices, Generator& random) {
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

Scene some_triangles(std::size_t n, float reach, Generator& random) {
  std::vector<float> vertices(9 * n);
  for (std::size_t i = 0; i < vertices.size(); ++i)
    vertices[i] = i % 3 == 2 ? random.between(5, 50) : random.between(-reach, 40 + reach);
  return triangles_of(vertices, random);
}

// Good triangles with `value` at every coordinate of every corner in turn.
Scene spoiled(float value, Generator& random) {
  Scene scene = some_triangles(9, 10, random);
  for (std::size_t i = 0; i < 9; ++i) scene.vertices[10 * i] = value;
  return scene;
}

// Stays valid as long as the scene.
struct Drawn {
  std::vector<flm::RasterCorner> corners;
  std::vector<flm::RasterPart> parts;
  std::vector<float> nearness, weights;
  std::vector<std::int32_t> triangle;
  flm::RasterMesh mesh;
  flm::RasterGrid grid;

  std::size_t covered() const {
    return static_cast<std::size_t>(
        std::count_if(triangle.begin(), triangle.end(), [](std::int32_t t) { return t >= 0; }));
  }
};

Drawn draw(const Scene& scene, std::ptrdiff_t height, std::ptrdiff_t width, float samples,
           const std::vector<flm::RasterPart>& parts) {
  Drawn made;
  const std::size_t n = static_cast<std::size_t>(height * width);
  made.corners = std::vector<flm::RasterCorner>(scene.corners());
  made.parts = parts;
  made.nearness = std::vector<float>(n), made.weights = std::vector<float>(2 * n);
  made.triangle = std::vector<std::int32_t>(n, -1);
  flm::kernels().raster.perspective(scene.vertices.data(), scene.corners(), samples, 1,
                                    made.corners.data());
  made.mesh = {made.corners.data(), scene.triangles.data(), scene.count(),
               scene.uv.data(),     scene.part.data(),      made.parts.data()};
  made.grid = {height, width, made.nearness.data(), made.triangle.data(), made.weights.data()};
  flm::kernels().raster.draw(made.mesh, made.grid);
  return made;
}

void check_samples(const Drawn& made, const Scene& scene) {
  for (std::size_t i = 0; i < made.triangle.size(); ++i) {
    const std::int32_t t = made.triangle[i];
    const float b = made.weights[2 * i], c = made.weights[2 * i + 1];
    CHECK(t >= -1 && t < static_cast<std::int32_t>(scene.count()));
    if (t < 0)
      CHECK(made.nearness[i] == 0 && b == 0 && c == 0);
    else
      CHECK(made.nearness[i] > 0 && b >= -1e-4f && c >= -1e-4f && b + c <= 1.0001f);
  }
}

// Blended samples in blocks of too little room, and of just enough.
void check_blended(Drawn& made, const Scene& scene) {
  for (flm::RasterPart& part : made.parts) part.blend = true;
  const auto& kernel = flm::kernels().raster;
  const std::size_t count =
      kernel.draw_blended(made.mesh, made.grid, {0, nullptr, nullptr, nullptr});
  for (const std::size_t room : {count / 2, count}) {
    std::vector<std::int32_t> sample(room), triangle(room);
    std::vector<float> weights(2 * room);
    CHECK(kernel.draw_blended(made.mesh, made.grid,
                              {room, sample.data(), triangle.data(), weights.data()}) == count);
    for (std::size_t i = 0; i < room; ++i) {
      CHECK(sample[i] >= 0 && sample[i] < made.grid.height * made.grid.width);
      CHECK(triangle[i] >= 0 && triangle[i] < static_cast<std::int32_t>(scene.count()));
    }
  }
}

void check_labels(const Drawn& made, const Scene& scene, std::ptrdiff_t side) {
  const std::vector<std::uint8_t> label(scene.count(), 3), map(6, 9);
  const std::vector<flm::Cutout> maps = {
      {}, {map.data(), 2, 3, 3, 1}, {map.data() + 5, 2, 3, -3, -1}};
  std::vector<std::uint8_t> pixels(made.triangle.size() / static_cast<std::size_t>(side * side));
  flm::kernels().raster.label_pixels(made.mesh, made.grid, {label.data(), maps.data(), 7}, side,
                                     pixels.data());
  for (const std::uint8_t pixel : pixels) CHECK(pixel == 3 || pixel == 7 || pixel == 9);
}

// In light from every side, with the smallest shadow map that there may be.
void check_shading(const Drawn& made, const Scene& scene, int softness, float matrix_value) {
  Generator random;
  const std::size_t v = scene.corners(), n = made.triangle.size();
  std::vector<float> normals(3 * v), occlusion(v, 0.5f), packed(flm::shade_vertex * v);
  const auto& kernels = flm::kernels();
  kernels.mesh.vertex_normals(scene.vertices.data(), v, scene.triangles.data(), scene.count(),
                              normals.data());
  kernels.shade.pack(scene.vertices.data(), normals.data(), scene.uv.data(), occlusion.data(), v,
                     packed.data());
  std::vector<std::uint8_t> texture(3 * 5 * 4);
  for (std::uint8_t& byte : texture) byte = static_cast<std::uint8_t>(random.next() >> 24);
  const std::vector<flm::ShadePart> parts = {{texture.data(), 3, 5, 20, 5, 3, 0.2f, 30, 0},
                                             {texture.data(), 1, 1, 4, 1, 1, 0, 1, 1},
                                             {texture.data() + 40, 3, 5, -20, 5, 3, 1, 1e6f, 1}};
  std::vector<float> decode(1021), directions(9, 0.57735f), colours(9, 1), ambient(27, 0.1f);
  for (std::size_t i = 0; i < decode.size(); ++i) decode[i] = static_cast<float>(i) / 1020;
  const std::ptrdiff_t side = 2 * softness + 3;
  const std::vector<float> depth(static_cast<std::size_t>(side * side), endless);
  std::vector<float> out(4 * n);
  for (const std::size_t lights : {0, 1, 3}) {
    flm::ShadeJob job = {
        packed.data(), scene.triangles.data(), scene.part.data(), parts.data(),   decode.data(),
        lights,        directions.data(),      colours.data(),    ambient.data(), {}};
    if (softness >= 0) {
      job.shadow = {depth.data(), side, side, {}, 0.5f, softness};
      std::fill_n(job.shadow.matrix, 12, matrix_value);
    }
    for (const bool opaque : {true, false})
      kernels.shade.shade(job, {made.triangle.data(), made.weights.data(), n, opaque, out.data()});
    for (std::size_t i = 0; i < n; ++i)
      if (made.triangle[i] < 0) CHECK(out[4 * i] == 0 && out[4 * i + 3] == 0);
  }
}

void check_scene(const Scene& scene) {
  const std::vector<std::uint8_t> holes = {0, 255, 127, 128, 0, 255};
  const std::vector<flm::RasterPart> parts = {{{}, false, false},
                                              {{holes.data(), 2, 3, 3, 1}, true, false},
                                              {{holes.data() + 5, 2, 3, -3, -1}, true, false}};
  const std::ptrdiff_t sizes[4][3] = {{1, 1, 1}, {3, 7, 1}, {32, 40, 2}, {16, 32, 16}};
  for (const auto& size : sizes) {
    Drawn made = draw(scene, size[0], size[1], static_cast<float>(size[2]), parts);
    check_samples(made, scene);
    check_labels(made, scene, size[0] == 32 ? 2 : 1);
    check_shading(made, scene, static_cast<int>(size[2]) % 5 - 2, 0.01f);
    check_blended(made, scene);
  }
  std::vector<float> depth(19 * 23, -endless);
  std::vector<flm::RasterCorner> corners(scene.corners());
  for (const float scale : {0.5f, -1e20f, nan_value}) {
    const float matrix[12] = {scale, 0, 0, 1, 0, scale, 0, 1, 0, 0, -scale, 0};
    flm::kernels().raster.parallel(scene.vertices.data(), scene.corners(), matrix, corners.data());
    flm::kernels().raster.draw_depth({corners.data(), scene.triangles.data(), scene.count(),
                                      scene.uv.data(), scene.part.data(), parts.data()},
                                     {19, 23, depth.data(), nullptr, nullptr});
  }
}

void check_nothing_is_seen(const Scene& scene) {
  const std::vector<flm::RasterPart> parts(3, {{}, true, false});
  CHECK(draw(scene, 32, 40, 1, parts).covered() == 0);
}

// A square of two triangles covers each sample once; holes take what they should.
void check_square() {
  Scene square;
  square.vertices = {-1, -1, 9, -1, 33, 9, 41, 33, 9, 41, -1, 9};
  square.uv = {0, 0, 0, 1, 1, 1, 1, 0};
  square.triangles = {0, 1, 2, 0, 2, 3};
  square.part = {0, 0};
  const std::vector<std::uint8_t> none(4, 0), all(4, 255), half = {0, 0, 255, 255};
  const auto seen = [&](flm::Cutout cutout) {
    return draw(square, 32, 40, 1, {{cutout, false, false}}).covered();
  };
  CHECK(seen({}) == 32 * 40);
  CHECK(seen({all.data(), 2, 2, 2, 1}) == 32 * 40);
  CHECK(seen({none.data(), 2, 2, 2, 1}) == 0);
  CHECK(std::abs(static_cast<int>(seen({half.data(), 2, 2, 2, 1})) - 16 * 40) <= 40);  // the lower
  std::swap(square.triangles[1], square.triangles[2]);  // one of them from behind
  CHECK(seen({}) < 32 * 40);
  for (const float value : {nan_value, endless, -endless, largest, -1e30f}) {
    for (float& number : square.uv) number = value;
    check_scene(square);
  }
}

void check_layers(Generator& random) {
  for (const std::size_t pixels : {0, 1, 7, 33}) {
    std::vector<std::uint8_t> base(3 * pixels), out(3 * pixels), none(pixels), full(pixels, 255);
    for (std::uint8_t& byte : base) byte = static_cast<std::uint8_t>(random.next() >> 24);
    const std::uint8_t* masks[2] = {none.data(), full.data()};
    const std::vector<std::uint8_t> colours = {1, 2, 3, 40, 50, 60};
    const std::vector<float> opacity = {1, 1};
    for (const std::size_t layers : {0, 1, 2}) {
      flm::kernels().layers.blend_layers(base.data(), pixels, masks, colours.data(), opacity.data(),
                                         layers, out.data());
      for (std::size_t i = 0; i < out.size(); ++i)
        CHECK(out[i] == (layers == 2 ? colours[3 + i % 3] : base[i]));
    }
  }
}

void check_normals(const Scene& scene) {
  std::vector<float> normals(scene.vertices.size());
  flm::kernels().mesh.vertex_normals(scene.vertices.data(), scene.corners(), scene.triangles.data(),
                                     scene.count(), normals.data());
  for (std::size_t i = 0; i < normals.size(); i += 3) {
    const float length = std::hypot(normals[i], std::hypot(normals[i + 1], normals[i + 2]));
    CHECK(length == 0 || std::abs(length - 1) < 1e-4f);
  }
}

}  // namespace

void run_checks() {
  Generator random;
  check_scene({});
  for (const float reach : {0.0f, 20.0f, 3000.0f, 200000.0f})
    check_scene(some_triangles(60, reach, random));
  Scene flat = some_triangles(20, 0, random);  // of two corners on one place, or three on a line
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      const float a = flat.vertices[9 * i + k], b = flat.vertices[9 * i + 3 + k];
      flat.vertices[9 * i + 6 + k] = i % 2 ? a : a + (std::round(b) - a) * 2;
      if (i % 2 == 0) flat.vertices[9 * i + 3 + k] = std::round(b);
      if (i % 2 == 0) flat.vertices[9 * i + k] = std::round(a);
      if (i % 2 == 0) flat.vertices[9 * i + 6 + k] = 2 * std::round(b) - std::round(a);
    }
  check_scene(flat), check_nothing_is_seen(flat);
  for (const float value : {nan_value, endless, -endless, largest, -largest, 131073.0f, 1e-40f}) {
    const Scene scene = spoiled(value, random);
    check_scene(scene), check_normals(scene);
    if (!std::isfinite(value)) check_nothing_is_seen(scene);
  }
  for (const float depth : {0.0f, -0.0f, 1.0f, -20.0f, nan_value, -endless}) {
    Scene behind =
        some_triangles(20, 10, random);  // a corner of each, in turn, not before the camera
    for (std::size_t i = 0; i < 20; ++i) behind.vertices[9 * i + 3 * (i % 3) + 2] = depth;
    check_scene(behind), check_nothing_is_seen(behind);
  }
  check_normals(some_triangles(60, 20, random)), check_normals(flat);
  check_square();
  check_layers(random);
}
