#include "flmcore/kernels/nme.hpp"

#include "arrays.hpp"

namespace flm {
namespace {

// Sums per image, landmarks per image, sums per landmark, images per landmark.
using Sums = py::typing::Tuple<DoubleArray, DoubleArray, DoubleArray, DoubleArray>;

template <class Array, class Kernel>
Sums run(const Array& points, const Array& truth, const DoubleArray& normaliser,
         Kernel NmeKernels::* kernel) {
  require_shape("points", points, {-1, 2}, "shape (N, K, 2)");
  require_shape("truth", truth, {points.shape(1), 2}, "the shape of points");
  require_shape("normaliser", normaliser, {}, "shape (N,)");
  const py::ssize_t n = points.shape(0), k = points.shape(1);
  if (truth.shape(0) != n || normaliser.shape(0) != n)
    raise_value("truth, normaliser", std::to_string(n) + " rows as in points", "another number");
  DoubleArray image_sum(n), image_count(n), landmark_sum(k), landmark_count(k);
  const auto *p = points.data(), *q = truth.data();
  const double* d = normaliser.data();
  const NmeSums sums = {image_sum.mutable_data(), image_count.mutable_data(),
                        landmark_sum.mutable_data(), landmark_count.mutable_data()};
  {
    py::gil_scoped_release nogil;
    (kernels().nme.*kernel)(p, q, d, static_cast<std::size_t>(n), static_cast<std::size_t>(k),
                            sums);
  }
  return py::make_tuple(image_sum, image_count, landmark_sum, landmark_count);
}

Sums nme_float(const FloatArray& points, const FloatArray& truth, const DoubleArray& normaliser) {
  return run(points, truth, normaliser, &NmeKernels::nme_float);
}

Sums nme_double(const DoubleArray& points, const DoubleArray& truth,
                const DoubleArray& normaliser) {
  return run(points, truth, normaliser, &NmeKernels::nme_double);
}

}  // namespace

void bind_nme(py::module_& m) {
  m.def("nme_float", &nme_float, py::arg("points").noconvert(), py::arg("truth").noconvert(),
        py::arg("normaliser").noconvert());
  m.def("nme_double", &nme_double, py::arg("points").noconvert(), py::arg("truth").noconvert(),
        py::arg("normaliser").noconvert());
}

}  // namespace flm
