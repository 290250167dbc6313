#include "flmcore/kernels/raster.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "drawing.hpp"

namespace flm {
namespace {

using Strided = py::array_t<std::uint8_t, 0>;  // a channel of a texture is read where it lies
using Drawn = py::typing::Tuple<IntArray, FloatArray, FloatArray, IntArray, IntArray, FloatArray>;

Cutout borrow_cutout(const char* list, const py::handle& object, std::size_t index) {
  if (object.is_none()) return {};
  const std::string name = std::string(list) + "[" + std::to_string(index) + "]";
  if (!py::isinstance<Strided>(object))
    throw py::type_error(name + ": expected a uint8 array or None, got another kind");
  const Strided image = py::reinterpret_borrow<Strided>(object);
  if (image.ndim() != 2 || image.size() == 0)
    raise_value(name, "shape (H, W), not empty", "shape " + shape_text(image));
  return {image.data(), image.shape(0), image.shape(1), image.strides(0), image.strides(1)};
}

std::vector<RasterPart> borrow_parts(const py::list& cutouts, const ByteArray& flags) {
  require_length("flags", flags, static_cast<py::ssize_t>(cutouts.size()), "part");
  std::vector<RasterPart> parts;
  for (const py::handle& cutout : cutouts) {
    const std::uint8_t flag = flags.data()[parts.size()];
    parts.push_back(
        {borrow_cutout("cutouts", cutout, parts.size()), (flag & 1) != 0, (flag & 2) != 0});
  }
  return parts;
}

RasterMesh mesh_of(const FloatArray& vertices, const IntArray& triangles, const FloatArray& uv,
                   const IntArray& part, const std::vector<RasterPart>& parts) {
  require_shape("vertices", vertices, {3}, "shape (V, 3)");
  check_triangles(triangles, vertices.shape(0));
  check_surface(uv, vertices.shape(0), part, triangles.shape(0),
                static_cast<py::ssize_t>(parts.size()));
  return {nullptr,   triangles.data(), static_cast<std::size_t>(triangles.shape(0)),
          uv.data(), part.data(),      parts.data()};
}

struct BlendedLists {
  std::vector<std::int32_t> sample, triangle;
  std::vector<float> weights;

  void fill(const RasterMesh& mesh, const RasterGrid& grid) {
    std::size_t room = 0, count = static_cast<std::size_t>(grid.height * grid.width) / 4;
    while (count > room) {  // once more where there was too little room
      room = count;
      sample.resize(room), triangle.resize(room), weights.resize(2 * room);
      count = kernels().raster.draw_blended(mesh, grid,
                                            {room, sample.data(), triangle.data(), weights.data()});
    }
    sample.resize(count), triangle.resize(count), weights.resize(2 * count);
  }
};

template <class T>
py::array_t<T, py::array::c_style> as_array(const std::vector<T>& values,
                                            std::vector<py::ssize_t> shape) {
  py::array_t<T, py::array::c_style> made(std::move(shape));
  std::copy(values.begin(), values.end(), made.mutable_data());
  return made;
}

Drawn draw(const FloatArray& vertices, const IntArray& triangles, const FloatArray& uv,
           const IntArray& part, const OptionalArrays& cutouts, const ByteArray& flags,
           py::ssize_t height, py::ssize_t width, int samples, float near) {
  if (height < 1 || width < 1 || samples < 1 || samples > raster_most_samples ||
      height * samples > 16384 || width * samples > 16384)
    raise_value("size, samples", "1 to 16384 samples a side", "others");
  const std::vector<RasterPart> parts = borrow_parts(cutouts, flags);
  RasterMesh mesh = mesh_of(vertices, triangles, uv, part, parts);
  const py::ssize_t rows = height * samples, columns = width * samples;
  IntArray triangle({rows, columns});
  FloatArray weights({rows, columns, py::ssize_t{2}}), depth({rows, columns});
  const RasterGrid grid = {rows, columns, depth.mutable_data(), triangle.mutable_data(),
                           weights.mutable_data()};
  const std::size_t count = static_cast<std::size_t>(rows * columns),
                    corners = static_cast<std::size_t>(vertices.shape(0));
  const float* points = vertices.data();
  const bool any_blended =
      std::any_of(parts.begin(), parts.end(), [](const RasterPart& p) { return p.blend; });
  BlendedLists blended;
  {
    py::gil_scoped_release nogil;
    std::vector<RasterCorner> placed(corners);
    const RasterKernels& kernel = kernels().raster;
    kernel.perspective(points, corners, static_cast<float>(samples), near, placed.data());
    mesh.corners = placed.data();
    std::fill_n(grid.nearness, count, 0.0f);
    std::fill_n(grid.triangle, count, -1);
    std::fill_n(grid.weights, 2 * count, 0.0f);
    kernel.draw(mesh, grid);
    if (any_blended) blended.fill(mesh, grid);
    for (std::size_t i = 0; i < count; ++i) grid.nearness[i] = 1 / grid.nearness[i];
  }
  const py::ssize_t n = static_cast<py::ssize_t>(blended.sample.size());
  return py::make_tuple(triangle, weights, depth, as_array(blended.sample, {n}),
                        as_array(blended.triangle, {n}), as_array(blended.weights, {n, 2}));
}

FloatArray draw_depth(const FloatArray& vertices, const IntArray& triangles, const FloatArray& uv,
                      const IntArray& part, const OptionalArrays& cutouts, const FloatArray& matrix,
                      py::ssize_t size) {
  if (size < 1 || size > 16384) raise_value("size", "1 to 16384", std::to_string(size));
  if (matrix.ndim() != 2 || matrix.shape(0) != 3 || matrix.shape(1) != 4)
    raise_value("matrix", "shape (3, 4)", "shape " + shape_text(matrix));
  std::vector<RasterPart> parts;
  for (const py::handle& cutout : cutouts)
    parts.push_back({borrow_cutout("cutouts", cutout, parts.size()), true, false});
  RasterMesh mesh = mesh_of(vertices, triangles, uv, part, parts);
  FloatArray depth({size, size});
  const RasterGrid grid = {size, size, depth.mutable_data(), nullptr, nullptr};
  const float *points = vertices.data(), *m = matrix.data();
  const std::size_t count = static_cast<std::size_t>(size * size),
                    corners = static_cast<std::size_t>(vertices.shape(0));
  py::gil_scoped_release nogil;
  std::vector<RasterCorner> placed(corners);
  kernels().raster.parallel(points, corners, m, placed.data());
  mesh.corners = placed.data();
  std::fill_n(grid.nearness, count, -std::numeric_limits<float>::infinity());
  kernels().raster.draw_depth(mesh, grid);
  for (std::size_t i = 0; i < count; ++i) grid.nearness[i] = -grid.nearness[i];
  return depth;
}

ByteArray label_pixels(const IntArray& triangle, const FloatArray& weights,
                       const IntArray& triangles, const FloatArray& uv, const IntArray& part,
                       const ByteArray& label, const OptionalArrays& maps, int background,
                       int side) {
  if (triangle.ndim() != 2 || side < 1 || side > raster_most_samples || triangle.shape(0) % side ||
      triangle.shape(1) % side)
    raise_value("triangle", "whole pixels of samples", "shape " + shape_text(triangle));
  if (weights.size() != 2 * triangle.size())
    raise_value("weights", "two for each sample", "shape " + shape_text(weights));
  if (background < 0 || background > 255)
    raise_value("background", "0 to 255", std::to_string(background));
  check_triangles(triangles, uv.shape(0));
  check_indices("triangle", triangle, -1, triangles.shape(0));
  require_length("labels", label, triangles.shape(0), "triangle");
  check_surface(uv, uv.shape(0), part, triangles.shape(0), static_cast<py::ssize_t>(maps.size()));
  std::vector<Cutout> borrowed;
  for (const py::handle& map : maps)
    borrowed.push_back(borrow_cutout("maps", map, borrowed.size()));
  ByteArray pixels({triangle.shape(0) / side, triangle.shape(1) / side});
  const RasterMesh mesh = {
      nullptr,   triangles.data(), static_cast<std::size_t>(triangles.shape(0)),
      uv.data(), part.data(),      nullptr};
  // the kernel only reads them
  const RasterGrid grid = {triangle.shape(0), triangle.shape(1), nullptr,
                           const_cast<std::int32_t*>(triangle.data()),
                           const_cast<float*>(weights.data())};
  const RasterLabels labels = {label.data(), borrowed.data(),
                               static_cast<std::uint8_t>(background)};
  std::uint8_t* out = pixels.mutable_data();
  py::gil_scoped_release nogil;
  kernels().raster.label_pixels(mesh, grid, labels, side, out);
  return pixels;
}

}  // namespace

void bind_raster(py::module_& m) {
  m.def("draw_triangles", &draw, py::arg("vertices").noconvert(), py::arg("triangles").noconvert(),
        py::arg("uv").noconvert(), py::arg("part").noconvert(), py::arg("cutouts"),
        py::arg("flags").noconvert(), py::kw_only(), py::arg("height"), py::arg("width"),
        py::arg("samples"), py::arg("near"));
  m.def("draw_depth", &draw_depth, py::arg("vertices").noconvert(),
        py::arg("triangles").noconvert(), py::arg("uv").noconvert(), py::arg("part").noconvert(),
        py::arg("cutouts"), py::arg("matrix").noconvert(), py::kw_only(), py::arg("size"));
  m.def("label_pixels", &label_pixels, py::arg("triangle").noconvert(),
        py::arg("weights").noconvert(), py::arg("triangles").noconvert(), py::arg("uv").noconvert(),
        py::arg("part").noconvert(), py::arg("label").noconvert(), py::arg("maps"), py::kw_only(),
        py::arg("background"), py::arg("side"));
}

}  // namespace flm
