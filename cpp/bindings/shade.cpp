#include "flmcore/kernels/shade.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "drawing.hpp"

namespace flm {
namespace {

ShadePart borrow_part(const py::handle& object, std::size_t index) {
  const std::string name = "textures[" + std::to_string(index) + "]";
  if (!py::isinstance<py::array_t<std::uint8_t, 0>>(object))
    throw py::type_error(name + ": expected a uint8 array, got another kind");
  const py::array image = py::reinterpret_borrow<py::array>(object);
  if (image.ndim() != 3 || image.shape(2) != 4 || image.size() == 0)
    raise_value(name, "shape (H, W, 4), not empty", "shape " + shape_text(image));
  if (image.strides(2) != 1 || image.strides(1) != 4)
    raise_value(name, "rows of pixels that lie one after the other", "others");
  return {static_cast<const std::uint8_t*>(image.data()),
          image.shape(0),
          image.shape(1),
          image.strides(0),
          static_cast<float>(image.shape(1)),
          static_cast<float>(image.shape(0)),
          0,
          0,
          0};
}

// materials: (P, 3) gloss, shininess, and 1 where two-sided.
std::vector<ShadePart> borrow_parts(const py::list& textures, const FloatArray& materials) {
  require_shape("materials", materials, {3}, "shape (P, 3)");
  if (static_cast<std::size_t>(materials.shape(0)) != textures.size())
    raise_value("materials", "one row for each texture", std::to_string(materials.shape(0)));
  std::vector<ShadePart> parts;
  for (const py::handle& texture : textures) {
    const float* row = materials.data() + 3 * parts.size();
    ShadePart part = borrow_part(texture, parts.size());
    part.gloss = row[0], part.shininess = row[1], part.turn = row[2] != 0;
    parts.push_back(part);
  }
  return parts;
}

ShadeShadow shadow_of(const py::object& depth, const FloatArray& matrix, float bias, int softness) {
  if (depth.is_none()) return {};
  if (!py::isinstance<FloatArray>(depth))
    throw py::type_error("shadow: expected a contiguous float32 map, got another kind");
  const FloatArray map = py::reinterpret_borrow<FloatArray>(depth);
  if (softness < 0 || softness > 3) raise_value("softness", "0 to 3", std::to_string(softness));
  const py::ssize_t least = 2 * softness + 3;
  if (map.ndim() != 2 || map.shape(0) < least || map.shape(1) < least)
    raise_value("shadow", "a map of at least " + std::to_string(least) + " texels a side",
                "shape " + shape_text(map));
  if (matrix.ndim() != 2 || matrix.shape(0) != 3 || matrix.shape(1) != 4)
    raise_value("matrix", "shape (3, 4)", "shape " + shape_text(matrix));
  ShadeShadow shadow = {map.data(), map.shape(0), map.shape(1), {}, bias, softness};
  std::copy_n(matrix.data(), 12, shadow.matrix);
  return shadow;
}

struct Samples {
  const IntArray& triangle;
  const FloatArray& weights;
};

void check_samples(const Samples& samples, py::ssize_t triangles, py::ssize_t least) {
  const py::ssize_t n = samples.triangle.size();
  if (samples.weights.size() != 2 * n)
    raise_value("weights", "two for each sample", "shape " + shape_text(samples.weights));
  check_indices("triangle", samples.triangle, least, triangles);
}

struct Blended {
  const std::int32_t *sample, *triangle;
  const float* weights;
  std::size_t count;
};

// A few rows of pixels at a time, so that their samples stay in the cache; all where there are
// blended ones, which lie anywhere.
void shade_rows(const ShadeJob& job, const std::int32_t* triangle, const float* weights,
                const Blended& blended, py::ssize_t height, py::ssize_t width, py::ssize_t side,
                float* out) {
  const ShadeKernels& kernel = kernels().shade;
  const py::ssize_t row = width * side * side,
                    band = blended.count ? height : std::min<py::ssize_t>(height, 8);
  const std::size_t samples = static_cast<std::size_t>(band * row),
                    room = samples + std::min(samples, blended.count);
  const std::unique_ptr<float[]> colours(new float[4 * room]);
  const std::unique_ptr<std::int32_t[]> shown(new std::int32_t[samples]);
  for (py::ssize_t y = 0; y < height; y += band) {
    const ShadePixels pixels = {
        triangle + y * row, weights + 2 * y * row, std::min(band, height - y), width, side,
        shown.get(),        colours.get()};
    const std::size_t used = kernel.shade_pixels(job, pixels);
    if (blended.count) {
      const std::unique_ptr<float[]> over(new float[4 * blended.count]);
      kernel.shade(job, {blended.triangle, blended.weights, blended.count, over.get()});
      kernel.lay_over(blended.sample, over.get(), blended.count, used, pixels);
    }
    kernel.average(pixels, out + 4 * y * width);
  }
}

FloatArray shade(const IntArray& triangle, const FloatArray& weights,
                 const IntArray& blended_sample, const IntArray& blended_triangle,
                 const FloatArray& blended_weights, const FloatArray& positions,
                 const FloatArray& normals, const FloatArray& uv, const FloatArray& occlusion,
                 const IntArray& triangles, const IntArray& part,
                 const py::typing::List<py::array>& textures, const FloatArray& materials,
                 const FloatArray& decode, const FloatArray& directions, const FloatArray& colours,
                 const FloatArray& ambient, const py::object& shadow, const FloatArray& matrix,
                 float bias, int softness, py::ssize_t side) {
  const std::vector<ShadePart> parts = borrow_parts(textures, materials);
  require_shape("positions", positions, {3}, "shape (V, 3)");
  const py::ssize_t vertices = positions.shape(0);
  check_triangles(triangles, vertices);
  check_surface(uv, vertices, part, triangles.shape(0), static_cast<py::ssize_t>(parts.size()));
  require_shape("normals", normals, {3}, "shape (V, 3)");
  if (normals.shape(0) != vertices)
    raise_value("normals", std::to_string(vertices) + " rows as in positions",
                std::to_string(normals.shape(0)));
  require_length("occlusion", occlusion, vertices, "vertex");
  require_length("decode", decode, 1021, "step");
  require_shape("directions", directions, {3}, "shape (L, 3)");
  require_shape("colours", colours, {3}, "shape (L, 3)");
  if (directions.shape(0) != colours.shape(0))
    raise_value("directions, colours", "as many of both", "others");
  if (ambient.ndim() != 2 || ambient.shape(0) != 9 || ambient.shape(1) != 3)
    raise_value("ambient", "shape (9, 3)", "shape " + shape_text(ambient));
  if (triangle.ndim() != 2 || side < 1 || side > shade_most_samples || triangle.shape(0) % side ||
      triangle.shape(1) % side)
    raise_value("triangle", "whole pixels of samples", "shape " + shape_text(triangle));
  check_samples({triangle, weights}, triangles.shape(0), -1);
  check_samples({blended_triangle, blended_weights}, triangles.shape(0), 0);
  require_length("sample", blended_sample, blended_triangle.size(), "blended sample");
  check_indices("sample", blended_sample, 0, triangle.size());

  ShadeJob job = {};
  job.triangles = triangles.data(), job.part = part.data(), job.parts = parts.data();
  job.decode = decode.data(), job.lights = static_cast<std::size_t>(directions.shape(0));
  job.directions = directions.data(), job.colours = colours.data(), job.ambient = ambient.data();
  job.shadow = shadow_of(shadow, matrix, bias, softness);
  const py::ssize_t height = triangle.shape(0) / side, width = triangle.shape(1) / side;
  FloatArray pixels({height, width, py::ssize_t{4}});
  float* out = pixels.mutable_data();
  const std::size_t over = static_cast<std::size_t>(blended_sample.size()),
                    corners = static_cast<std::size_t>(vertices);
  py::gil_scoped_release nogil;
  const std::unique_ptr<float[]> packed(new float[shade_vertex * corners]);
  kernels().shade.pack(positions.data(), normals.data(), uv.data(), occlusion.data(), corners,
                       packed.get());
  job.packed = packed.get();
  shade_rows(job, triangle.data(), weights.data(),
             {blended_sample.data(), blended_triangle.data(), blended_weights.data(), over}, height,
             width, side, out);
  return pixels;
}

}  // namespace

void bind_shade(py::module_& m) {
  m.def("shade", &shade, py::arg("triangle").noconvert(), py::arg("weights").noconvert(),
        py::arg("blended_sample").noconvert(), py::arg("blended_triangle").noconvert(),
        py::arg("blended_weights").noconvert(), py::arg("positions").noconvert(),
        py::arg("normals").noconvert(), py::arg("uv").noconvert(), py::arg("occlusion").noconvert(),
        py::arg("triangles").noconvert(), py::arg("part").noconvert(), py::arg("textures"),
        py::arg("materials").noconvert(), py::arg("decode").noconvert(),
        py::arg("directions").noconvert(), py::arg("colours").noconvert(),
        py::arg("ambient").noconvert(), py::arg("shadow"), py::arg("matrix").noconvert(),
        py::kw_only(), py::arg("bias"), py::arg("softness"), py::arg("side"));
}

}  // namespace flm
