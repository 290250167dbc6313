// The drawing kernels on meshes that nobody should give: no read or write beside what is theirs, no
// sample that shows what is not there.
#include <cmath>

#include "drawn_scenes.hpp"

namespace {

void check_samples(const Drawn& made, const Scene& scene) {
  for (std::size_t i = 0; i < made.triangle.size(); ++i) {
    const std::int32_t t = made.triangle[i];
    const float b = made.weights[2 * i], c = made.weights[2 * i + 1];
    CHECK(t >= -1 && t < static_cast<std::int32_t>(scene.count()));
    if (t < 0)
      CHECK(made.depth[i] == endless && b == 0 && c == 0);
    else
      CHECK(made.depth[i] > 0 && b >= -1e-4f && c >= -1e-4f && b + c <= 1.0001f);
  }
}

struct Blended {
  std::vector<std::int32_t> sample, triangle;
  std::vector<float> weights;
};

// Blended samples in blocks of too little room, and of just enough.
Blended check_blended(Drawn& made, const Scene& scene) {
  for (flm::RasterPart& part : made.parts) part.blend = true;
  const auto& kernel = flm::kernels().raster;
  const std::size_t count =
      kernel.draw_blended(made.mesh, made.grid, {0, nullptr, nullptr, nullptr});
  Blended found;
  for (const std::size_t room : {count / 2, count}) {
    found = {std::vector<std::int32_t>(room), std::vector<std::int32_t>(room),
             std::vector<float>(2 * room)};
    CHECK(kernel.draw_blended(
              made.mesh, made.grid,
              {room, found.sample.data(), found.triangle.data(), found.weights.data()}) == count);
    for (std::size_t i = 0; i < room; ++i) {
      CHECK(found.sample[i] >= 0 && found.sample[i] < made.grid.height * made.grid.width);
      CHECK(found.triangle[i] >= 0 && found.triangle[i] < static_cast<std::int32_t>(scene.count()));
    }
  }
  return found;
}

void check_labels(const Drawn& made, const Scene& scene, std::ptrdiff_t side) {
  const std::vector<std::uint8_t> label(scene.count(), 3), map(6, 9);
  const std::vector<flm::Cutout> maps = {
      {}, {map.data(), 2, 3, 3, 1}, {map.data() + 5, 2, 3, -3, -1}};
  std::vector<std::uint8_t> pixels(made.triangle.size() / static_cast<std::size_t>(side * side));
  flm::kernels().raster.label_pixels(
      made.mesh, {made.grid.height, made.grid.width, made.triangle.data(), made.weights.data()},
      {label.data(), maps.data(), 7}, side, pixels.data());
  for (const std::uint8_t pixel : pixels) CHECK(pixel == 3 || pixel == 7 || pixel == 9);
}

void shade(const flm::ShadeJob& job, const Drawn& made, const Blended& blended,
           std::ptrdiff_t side) {
  const auto& kernel = flm::kernels().shade;
  const std::size_t n = made.triangle.size(), over = blended.sample.size();
  std::vector<std::int32_t> shown(n);
  std::vector<float> colours(4 * (n + std::min(n, over))), above(4 * over),
      out(4 * n / static_cast<std::size_t>(side * side));
  const flm::ShadePixels pixels = pixels_of(made, side, shown, colours);
  const std::size_t used = kernel.shade_pixels(job, pixels);
  CHECK(used <= made.covered());
  for (std::size_t i = 0; i < n; ++i)
    CHECK(made.triangle[i] < 0 ? shown[i] == -1
                               : shown[i] >= 0 && shown[i] < static_cast<std::int32_t>(used));
  kernel.shade(job, {blended.triangle.data(), blended.weights.data(), over, above.data()});
  kernel.lay_over(blended.sample.data(), above.data(), over, used, pixels);
  kernel.average(pixels, out.data());
  if (over == 0 && made.covered() == 0)
    for (const float value : out) CHECK(value == 0);
}

// In light from every side, with the smallest shadow map that there may be.
void check_shading(const Drawn& made, const Blended& blended, const Scene& scene,
                   std::ptrdiff_t side, int softness) {
  Generator random;
  const std::size_t v = scene.corners();
  std::vector<float> normals(3 * v), occlusion(v, 0.5f), packed(flm::shade_vertex * v);
  flm::kernels().mesh.vertex_normals(scene.vertices.data(), v, scene.triangles.data(),
                                     scene.count(), normals.data());
  flm::kernels().shade.pack(scene.vertices.data(), normals.data(), scene.uv.data(),
                            occlusion.data(), v, packed.data());
  std::vector<std::uint8_t> texture(3 * 5 * 4);
  for (std::uint8_t& byte : texture) byte = static_cast<std::uint8_t>(random.next() >> 24);
  const std::vector<flm::ShadePart> parts = {{texture.data(), 3, 5, 20, 5, 3, 0.2f, 30, 0},
                                             {texture.data(), 1, 1, 4, 1, 1, 0, 1, 1},
                                             {texture.data() + 40, 3, 5, -20, 5, 3, 1, 1e6f, 1}};
  std::vector<float> decode(1021), directions(9, 0.57735f), colours(9, 1), ambient(27, 0.1f);
  for (std::size_t i = 0; i < decode.size(); ++i) decode[i] = static_cast<float>(i) / 1020;
  const std::ptrdiff_t texels = 2 * softness + 3;
  const std::vector<float> depth(static_cast<std::size_t>(texels * texels), endless);
  for (const float matrix : {0.01f, -1e30f, nan_value})
    for (const std::size_t lights : {1, 3}) {
      flm::ShadeJob job = {
          packed.data(), scene.triangles.data(), scene.part.data(), parts.data(),   decode.data(),
          lights,        directions.data(),      colours.data(),    ambient.data(), {}};
      job.shadow = {depth.data(), texels, texels, {}, 0.5f, softness};
      std::fill_n(job.shadow.matrix, 12, matrix);
      shade(job, made, blended, side);
      job.shadow = {}, job.lights = lights - 1;
      shade(job, made, blended, side);
    }
}

// From above, or from where there is no direction.
void check_depth(const Scene& scene, const std::vector<flm::RasterPart>& parts) {
  const std::ptrdiff_t height = 19, width = 23, stride = width + flm::raster_beside;
  std::vector<float> nearness(static_cast<std::size_t>(height * stride), -endless);
  std::vector<flm::RasterCorner> corners(scene.corners());
  for (const float scale : {0.5f, -1e20f, nan_value}) {
    const float matrix[12] = {scale, 0, 0, 1, 0, scale, 0, 1, 0, 0, -scale, 0};
    flm::kernels().raster.parallel(scene.vertices.data(), scene.corners(), matrix, corners.data());
    flm::kernels().raster.draw_depth(
        {corners.data(), scene.triangles.data(), scene.count(), scene.uv.data(), scene.part.data(),
         parts.data()},
        {height, width, stride, nearness.data(), nullptr, nullptr, nullptr});
  }
}

void check_scene(const Scene& scene) {
  const std::vector<std::uint8_t> holes = {0, 255, 127, 128, 0, 255};
  const std::vector<flm::RasterPart> parts = {{{}, false, false},
                                              {{holes.data(), 2, 3, 3, 1}, true, false},
                                              {{holes.data() + 5, 2, 3, -3, -1}, true, false}};
  const int sizes[4][4] = {{1, 1, 1, 0}, {3, 7, 1, 1}, {32, 40, 2, 3}, {16, 32, 16, 2}};
  for (const auto& [height, width, side, softness] : sizes) {
    Drawn made = draw(scene, height, width, static_cast<float>(side), parts);
    check_samples(made, scene);
    check_labels(made, scene, side);
    const Blended blended = check_blended(made, scene);
    check_shading(made, blended, scene, side, softness);
  }
  check_depth(scene, parts);
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
