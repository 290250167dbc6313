#include "flmcore/kernels/raster.hpp"

#include <algorithm>
#include <limits>
#include <memory>
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

// A grid without anything.
struct GridMemory {
  std::unique_ptr<float[]> numbers;
  std::unique_ptr<std::int32_t[]> triangle;
  RasterGrid grid;

  GridMemory(py::ssize_t rows, py::ssize_t columns) {
    const py::ssize_t stride = columns + raster_beside;
    const std::size_t count = static_cast<std::size_t>(rows * stride);
    numbers.reset(new float[3 * count]()), triangle.reset(new std::int32_t[count]);
    std::fill_n(triangle.get(), count, -1);
    grid = {rows,
            columns,
            stride,
            numbers.get(),
            triangle.get(),
            numbers.get() + count,
            numbers.get() + 2 * count};
  }
};

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
  std::int32_t* to_triangle = triangle.mutable_data();
  float *to_weights = weights.mutable_data(), *to_depth = depth.mutable_data();
  const std::size_t corners = static_cast<std::size_t>(vertices.shape(0));
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
    const GridMemory memory(rows, columns);
    kernel.draw(mesh, memory.grid);
    if (any_blended) blended.fill(mesh, memory.grid);
    kernel.unpack(memory.grid, to_triangle, to_weights, to_depth);
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
  float* to = depth.mutable_data();
  const float *points = vertices.data(), *m = matrix.data();
  const py::ssize_t stride = size + raster_beside;
  const std::size_t count = static_cast<std::size_t>(size * stride),
                    corners = static_cast<std::size_t>(vertices.shape(0));
  py::gil_scoped_release nogil;
  std::vector<RasterCorner> placed(corners);
  kernels().raster.parallel(points, corners, m, placed.data());
  mesh.corners = placed.data();
  std::vector<float> nearness(count, -std::numeric_limits<float>::infinity());
  kernels().raster.draw_depth(mesh,
                              {size, size, stride, nearness.data(), nullptr, nullptr, nullptr});
  for (py::ssize_t y = 0; y < size; ++y)
    for (py::ssize_t x = 0; x < size; ++x) to[y * size + x] = -nearness[y * stride + x];
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
  const RasterFound found = {triangle.shape(0), triangle.shape(1), triangle.data(), weights.data()};
  const RasterLabels labels = {label.data(), borrowed.data(),
                               static_cast<std::uint8_t>(background)};
  std::uint8_t* out = pixels.mutable_data();
  py::gil_scoped_release nogil;
  kernels().raster.label_pixels(mesh, found, labels, side, out);
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
