#include "flmcore/kernels/simcc.hpp"

#include "maps.hpp"

namespace flm {
namespace {

template <class Body>
Decoded decode(const py::array& x, const py::array& y, int threads, std::size_t grain, Body body) {
  const Maps xs = borrow_maps("x", x, true), ys = borrow_maps("y", y, true);
  if (xs.shape[0] != ys.shape[0] || xs.shape[1] != ys.shape[1])
    raise_value("y", "N and K as in x of shape " + shape_text(x), "shape " + shape_text(y));
  return decode_batch(xs, xs.shape[3] + ys.shape[3], threads, grain,
                      [&](std::size_t begin, std::size_t end, float* xy, float* score) {
                        body(xs, ys, begin, end, xy, score);
                      });
}

void check_blur(const char* argument, int blur) {
  if (blur < 1 || blur > max_simcc_blur || blur % 2 == 0)
    raise_value(argument, "an odd number from 1 to " + std::to_string(max_simcc_blur),
                std::to_string(blur));
}

Decoded simcc_argmax(const py::array& x, const py::array& y, double split_ratio, double threshold,
                     int threads) {
  return decode(x, y, threads, reading_grain,
                [=](const Maps& xs, const Maps& ys, auto b, auto e, float* xy, float* score) {
                  kernels().simcc.argmax(xs, ys, b, e, split_ratio, threshold, xy, score);
                });
}

Decoded simcc_dark(const py::array& x, const py::array& y, double split_ratio, double threshold,
                   int blur_x, int blur_y, int threads) {
  check_blur("blur_x", blur_x);
  check_blur("blur_y", blur_y);
  return decode(x, y, threads, reading_grain,
                [=](const Maps& xs, const Maps& ys, auto b, auto e, float* xy, float* score) {
                  kernels().simcc.dark(xs, ys, b, e, split_ratio, threshold, blur_x, blur_y, xy,
                                       score);
                });
}

Decoded simcc_expectation(const py::array& x, const py::array& y, double split_ratio,
                          double threshold, double beta, int threads) {
  return decode(x, y, threads, weighing_grain,
                [=](const Maps& xs, const Maps& ys, auto b, auto e, float* xy, float* score) {
                  kernels().simcc.expectation(xs, ys, b, e, split_ratio, threshold, beta, xy,
                                              score);
                });
}

}  // namespace

void bind_simcc(py::module_& m) {
  const auto x = py::arg("x").noconvert(), y = py::arg("y").noconvert();
  const auto only = py::kw_only();
  const auto split = py::arg("split_ratio"), limit = py::arg("threshold"),
             threads = py::arg("threads");
  m.def("simcc_argmax", &simcc_argmax, x, y, only, split, limit, threads);
  m.def("simcc_dark", &simcc_dark, x, y, only, split, limit, py::arg("blur_x"), py::arg("blur_y"),
        threads);
  m.def("simcc_expectation", &simcc_expectation, x, y, only, split, limit, py::arg("beta"),
        threads);
}

}  // namespace flm
