// Borrows float32 or float16 arrays of any strides as kernels see them.
#pragma once

#include <utility>

#include "arrays.hpp"
#include "flmcore/kernels/maps.hpp"
#include "flmcore/parallel.hpp"

namespace flm {

// What every decoder returns: xy (N, K, 2) and score (N, K).
using Decoded = py::typing::Tuple<FloatArray, FloatArray>;

// (N, K, H, W), or with `vectors` (N, K, W). The array must outlive the result.
inline Maps borrow_maps(const char* argument, const py::array& array, bool vectors) {
  const py::ssize_t axes = vectors ? 3 : 4;
  const char* expected = vectors ? "shape (N, K, W)" : "shape (N, K, H, W)";
  if (array.ndim() != axes) raise_value(argument, expected, "shape " + shape_text(array));
  const int type = array.dtype().num();
  const int float32 = py::dtype::num_of<float>(), float16 = 23;  // NPY_HALF
  constexpr int aligned = py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  if ((type != float32 && type != float16) || (array.flags() & aligned) == 0 ||
      array.dtype().byteorder() == '>')
    throw py::type_error(std::string(argument) +
                         ": expected aligned float32 or float16 of native byte order, got " +
                         py::str(py::handle(array.dtype())).cast<std::string>());
  Maps maps = {static_cast<const char*>(array.data()),
               type == float32 ? MapType::float32 : MapType::float16,
               {},
               {}};
  for (int to = 0; to < 4; ++to) {
    const int from = vectors ? (to == 3 ? 2 : to) : to;
    const bool height = vectors && to == 2;  // a vector is a map of height 1
    maps.shape[to] = height ? 1 : static_cast<std::size_t>(array.shape(from));
    maps.steps[to] = height ? 0 : array.strides(from);
  }
  if (maps.shape[2] == 0 || maps.shape[3] == 0)
    raise_value(argument, "maps of at least one cell", "shape " + shape_text(array));
  return maps;
}

// Runs body(begin, end, xy, score) over the batch without the GIL, on threads that get at least
// `cells` map cells.
template <class Body>
Decoded decode_batch(const Maps& maps, std::size_t cells_each, int threads, std::size_t cells,
                     Body body) {
  const py::ssize_t n = static_cast<py::ssize_t>(maps.shape[0]),
                    k = static_cast<py::ssize_t>(maps.shape[1]);
  FloatArray xy({n, k, py::ssize_t{2}}), score({n, k});
  float *out = xy.mutable_data(), *peaks = score.mutable_data();
  {
    py::gil_scoped_release nogil;
    parallel_for(maps.shape[0] * maps.shape[1], threads, cells / cells_each + 1,
                 [&](std::size_t begin, std::size_t end) { body(begin, end, out, peaks); });
  }
  return py::make_tuple(std::move(xy), std::move(score));
}

// Cells that keep a thread busy for some 100 microseconds, several times what starting one costs:
// one face of 98 maps of 64 x 64 stays on one thread. Softmax weighs every cell, at some 3 ns each.
constexpr std::size_t reading_grain = std::size_t{1} << 19, weighing_grain = std::size_t{1} << 15;

}  // namespace flm
