#include "flmcore/kernels/heatmap.hpp"

#include "flmcore/kernels/exp_log.hpp"
#include "maps.hpp"

namespace flm {
namespace {

template <class Body>
Decoded decode(const py::array& heatmaps, int threads, std::size_t grain, Body body) {
  const Maps maps = borrow_maps("heatmaps", heatmaps, false);
  return decode_batch(maps, maps.shape[2] * maps.shape[3], threads, grain,
                      [&](std::size_t begin, std::size_t end, float* xy, float* score) {
                        body(maps, begin, end, xy, score);
                      });
}

void check_blur(int blur) {
  if (blur < 1 || blur > max_blur || blur % 2 == 0)
    raise_value("blur_kernel", "an odd number from 1 to " + std::to_string(max_blur),
                std::to_string(blur));
}

Decoded heatmap_argmax(const py::array& heatmaps, double threshold, int threads) {
  return decode(heatmaps, threads, reading_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.argmax(m, b, e, threshold, xy, score);
                });
}

Decoded heatmap_quarter(const py::array& heatmaps, double threshold, int rule, int threads) {
  if (rule < 0 || rule >= quarter_rule_count) raise_value("rule", "0 to 2", std::to_string(rule));
  return decode(heatmaps, threads, reading_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.quarter(m, b, e, threshold, static_cast<QuarterRule>(rule), xy,
                                            score);
                });
}

Decoded heatmap_taylor(const py::array& heatmaps, double threshold, int threads) {
  return decode(heatmaps, threads, reading_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.taylor(m, b, e, threshold, xy, score);
                });
}

Decoded heatmap_dark(const py::array& heatmaps, double threshold, int blur_kernel, int threads) {
  check_blur(blur_kernel);
  return decode(heatmaps, threads, reading_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.dark(m, b, e, threshold, blur_kernel, xy, score);
                });
}

Decoded heatmap_dark_udp(const py::array& heatmaps, double threshold, int blur_kernel,
                         int threads) {
  check_blur(blur_kernel);
  return decode(heatmaps, threads, reading_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.dark_udp(m, b, e, threshold, blur_kernel, xy, score);
                });
}

Decoded heatmap_softargmax(const py::array& heatmaps, double threshold, double beta, int threads) {
  return decode(heatmaps, threads, weighing_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.softargmax(m, b, e, threshold, beta, xy, score);
                });
}

Decoded heatmap_local_mean(const py::array& heatmaps, double threshold, double gamma, double radius,
                           int threads) {
  return decode(heatmaps, threads, reading_grain,
                [=](const Maps& m, auto b, auto e, float* xy, float* score) {
                  kernels().heatmap.local_mean(m, b, e, threshold, gamma, radius, xy, score);
                });
}

// Benchmarks' floor: what reading this memory once costs, called like a decoder.
float read_once(const FloatArray& values) {
  const float* in = values.data();
  const std::size_t n = static_cast<std::size_t>(values.size());
  py::gil_scoped_release nogil;
  return kernels().heatmap.read_once(in, n);
}

template <void (*ElementaryKernels::*function)(const double*, std::size_t, double*)>
DoubleArray elementary(const DoubleArray& x) {
  require_shape("x", x, {}, "shape (N,)");
  DoubleArray out(x.shape(0));
  (kernels().elementary.*function)(x.data(), static_cast<std::size_t>(x.shape(0)),
                                   out.mutable_data());
  return out;
}

}  // namespace

void bind_heatmap(py::module_& m) {
  const auto maps = py::arg("heatmaps").noconvert();
  const auto only = py::kw_only();
  const auto limit = py::arg("threshold"), threads = py::arg("threads");
  m.def("heatmap_argmax", &heatmap_argmax, maps, only, limit, threads);
  m.def("heatmap_quarter", &heatmap_quarter, maps, only, limit, py::arg("rule"), threads);
  m.def("heatmap_taylor", &heatmap_taylor, maps, only, limit, threads);
  m.def("heatmap_dark", &heatmap_dark, maps, only, limit, py::arg("blur_kernel"), threads);
  m.def("heatmap_dark_udp", &heatmap_dark_udp, maps, only, limit, py::arg("blur_kernel"), threads);
  m.def("heatmap_softargmax", &heatmap_softargmax, maps, only, limit, py::arg("beta"), threads);
  m.def("heatmap_local_mean", &heatmap_local_mean, maps, only, limit, py::arg("gamma"),
        py::arg("radius"), threads);
  m.def("read_once", &read_once, py::arg("values").noconvert());
  m.def("exponential", &elementary<&ElementaryKernels::exponential>, py::arg("x").noconvert());
  m.def("logarithm", &elementary<&ElementaryKernels::logarithm>, py::arg("x").noconvert());
}

}  // namespace flm
