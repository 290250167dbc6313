// The same promise as test_same_bytes.cpp, for the drawing kernels: a drawn data set is the same on
// every instruction set.
#include "digest.hpp"
#include "drawn_scenes.hpp"

namespace {

std::vector<float> normals_of(const Scene& scene) {
  std::vector<float> normals(scene.vertices.size());
  flm::kernels().mesh.vertex_normals(scene.vertices.data(), scene.corners(), scene.triangles.data(),
                                     scene.count(), normals.data());
  return normals;
}

// Lit by three lights with a soft shadow, `side` samples along each side of a pixel.
std::vector<float> lit(const Scene& scene, const Drawn& made, std::ptrdiff_t side,
                       Generator& random) {
  const std::size_t v = scene.corners(), n = made.triangle.size();
  std::vector<float> occlusion(v), packed(flm::shade_vertex * v), decode(1021), ambient(27),
      depth(40 * 40);
  std::vector<std::uint8_t> texture(16 * 24 * 4);
  for (float& value : occlusion) value = random.between(0, 1);
  for (float& value : ambient) value = random.between(-0.2f, 0.4f);
  for (float& value : depth) value = random.between(5, 50);
  for (std::uint8_t& byte : texture) byte = static_cast<std::uint8_t>(random.next() >> 24);
  for (std::size_t i = 0; i < decode.size(); ++i) decode[i] = static_cast<float>(i * i) / 1e6f;
  const std::vector<float> directions = {0, 0, -1, 0.6f, 0, -0.8f, -0.6f, -0.8f, 0},
                           colours = {0.9f, 0.8f, 0.7f, 0.1f, 0.2f, 0.3f, 0.3f, 0.2f, 0.1f},
                           normals = normals_of(scene);
  flm::kernels().shade.pack(scene.vertices.data(), normals.data(), scene.uv.data(),
                            occlusion.data(), v, packed.data());
  const std::vector<flm::ShadePart> parts = {{texture.data(), 16, 24, 96, 24, 16, 0.3f, 20, 0},
                                             {texture.data(), 8, 24, 96, 24, 8, 0, 1, 1},
                                             {texture.data() + 96, 1, 1, 4, 1, 1, 0.1f, 5.5f, 1}};
  const flm::ShadeJob job = {
      packed.data(),     scene.triangles.data(),
      scene.part.data(), parts.data(),
      decode.data(),     3,
      directions.data(), colours.data(),
      ambient.data(),    {depth.data(), 40, 40, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}, 0.5f, 1}};
  std::vector<std::int32_t> shown(n);
  std::vector<float> room(4 * n), out(4 * n / static_cast<std::size_t>(side * side));
  const flm::ShadePixels pixels = pixels_of(made, side, shown, room);
  flm::kernels().shade.shade_pixels(job, pixels);
  flm::kernels().shade.average(pixels, out.data());
  return out;
}

}  // namespace

void run_checks() {
  Generator random;
  const std::vector<std::uint8_t> holes = {0, 255, 127, 128, 200, 255};
  const std::vector<flm::RasterPart> parts = {
      {{}, false, false}, {{holes.data(), 2, 3, 3, 1}, true, false}, {{}, true, false}};
  Digest raster, mesh, shade;
  for (const int side : {1, 2, 3})
    for (const float reach : {0.0f, 30.0f}) {
      const Scene scene = some_triangles(80, reach, random);
      const Drawn made = draw(scene, 36 * side, 44 * side, static_cast<float>(side), parts);
      raster.add(made.triangle), raster.add(made.weights), raster.add(made.depth);
      mesh.add(normals_of(scene));
      shade.add(lit(scene, made, side, random));
    }
  expect("raster", raster, 0xaa25e70eea99f36f);
  expect("mesh", mesh, 0xeab414da52a6ace7);
  expect("shade", shade, 0x972cf6fcd31acaa4);
}
