#include "flmcore/kernels/resample.hpp"

#include <cstdint>
#include <vector>

#include "arrays.hpp"

namespace flm {
namespace {

using WordArray = py::array_t<std::uint64_t, py::array::c_style>;

DoubleArray run(const DoubleArray& values, const WordArray& words, py::ssize_t per_row,
                void (*ResampleKernels::*kernel)(const ResampleJob&)) {
  require_shape("words", words, {per_row}, "shape (R, W), as many words a row as images need");
  const py::ssize_t rows = words.shape(0), m = values.shape(1);
  DoubleArray means({rows, m});
  std::vector<double> scratch(static_cast<std::size_t>(4 * m));
  const ResampleJob job = {values.data(),
                           static_cast<std::size_t>(values.shape(0)),
                           static_cast<std::size_t>(m),
                           words.data(),
                           static_cast<std::size_t>(rows),
                           means.mutable_data(),
                           scratch.data()};
  {
    py::gil_scoped_release nogil;
    (kernels().resample.*kernel)(job);
  }
  return means;
}

void require_values(const DoubleArray& values) {
  require_shape("values", values, {-1}, "shape (N, M)");
  if (values.shape(0) < 1 || values.shape(0) > 0xffffffff)
    raise_value("values", "1 to 2^32 - 1 rows", std::to_string(values.shape(0)));
}

DoubleArray resample_draw(const DoubleArray& values, const WordArray& words) {
  require_values(values);
  return run(values, words, values.shape(0), &ResampleKernels::draw);
}

DoubleArray resample_flip(const DoubleArray& values, const WordArray& words) {
  require_values(values);
  return run(values, words, (values.shape(0) + 63) / 64, &ResampleKernels::flip);
}

}  // namespace

void bind_resample(py::module_& m) {
  m.def("resample_draw", &resample_draw, py::arg("values").noconvert(),
        py::arg("words").noconvert());
  m.def("resample_flip", &resample_flip, py::arg("values").noconvert(),
        py::arg("words").noconvert());
}

}  // namespace flm
