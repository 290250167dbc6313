#include "flmcore/kernels/flow.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <new>

#include "arrays.hpp"
#include "flmcore/parallel.hpp"

namespace flm {
namespace {

using Bytes = py::array_t<std::uint8_t, 0>;  // any strides: a frame is read where it lies
using Tracked = py::typing::Tuple<DoubleArray, py::array_t<bool>, DoubleArray>;

constexpr py::ssize_t most_side = 32767;

struct Levels {
  std::array<FlowImage, flow_most_levels> level;
  int count;
  std::size_t floats;  // of all, slack included
};

// The levels of a pyramid of `wanted` at most; `data` may be null where only sizes are wanted.
Levels layout(const float* data, py::ssize_t height, py::ssize_t width, int wanted) {
  Levels made = {};
  while (true) {
    made.level[static_cast<std::size_t>(made.count++)] = {data ? data + made.floats : nullptr,
                                                          height, width};
    made.floats += static_cast<std::size_t>(height * width);
    if (made.count == wanted || std::min(height, width) < 4) break;
    height = (height + 1) / 2, width = (width + 1) / 2;
  }
  made.floats += flow_slack;
  return made;
}

void check_size(const char* argument, const py::array& frame, bool channels) {
  const bool shape = frame.ndim() == 2 || (channels && frame.ndim() == 3 && frame.shape(2) == 3);
  if (!shape || frame.shape(0) < 1 || frame.shape(1) < 1 || frame.shape(0) > most_side ||
      frame.shape(1) > most_side)
    raise_value(argument,
                std::string(channels ? "shape (H, W, 3) or (H, W)" : "shape (H, W)") +
                    " with sides from 1 to " + std::to_string(most_side),
                "shape " + shape_text(frame));
}

void check_levels(int levels) {
  if (levels < 1 || levels > flow_most_levels)
    raise_value("levels", "1 to " + std::to_string(flow_most_levels), std::to_string(levels));
}

// Halves until all levels are there. False where there is no memory for a line.
bool fill(const Levels& pyramid, float* data, int threads) {
  std::atomic<bool> enough{true};
  for (int l = 1; l < pyramid.count; ++l) {
    const FlowImage &from = pyramid.level[static_cast<std::size_t>(l - 1)],
                    &to = pyramid.level[static_cast<std::size_t>(l)];
    float* out = data + (to.data - data);
    const std::size_t grain = 65536u / static_cast<std::size_t>(from.width) + 1;
    parallel_for(static_cast<std::size_t>(to.height), threads, grain,
                 [&](std::size_t begin, std::size_t end) {
                   const std::size_t line = static_cast<std::size_t>(from.width) + 4;
                   const std::unique_ptr<float[]> own(new (std::nothrow) float[line]);
                   if (own == nullptr)
                     enough = false;
                   else
                     kernels().flow.halve(from, begin, end, out, own.get());
                 });
  }
  std::fill_n(data + pyramid.floats - flow_slack, flow_slack, 0.0f);
  return enough;
}

FloatArray pyramid_of_bytes(const Bytes& frame, int levels, int threads) {
  check_size("frame", frame, true);
  check_levels(levels);
  const FlowFrame view = {frame.data(),       frame.shape(0),
                          frame.shape(1),     frame.strides(0),
                          frame.strides(1),   frame.ndim() == 3 ? frame.strides(2) : 0};
  const bool color = frame.ndim() == 3;
  FloatArray made(static_cast<py::ssize_t>(
      layout(nullptr, frame.shape(0), frame.shape(1), levels).floats));
  float* data = made.mutable_data();
  const Levels pyramid = layout(data, frame.shape(0), frame.shape(1), levels);
  bool enough;
  {
    py::gil_scoped_release nogil;
    const std::size_t grain = 65536u / static_cast<std::size_t>(view.width) + 1;
    parallel_for(static_cast<std::size_t>(view.height), threads, grain,
                 [&](std::size_t begin, std::size_t end) {
                   kernels().flow.grey(view, color, begin, end, data);
                 });
    enough = fill(pyramid, data, threads);
  }
  if (!enough) throw std::bad_alloc();
  return made;
}

FloatArray pyramid_of_floats(const FloatArray& frame, int levels, int threads) {
  check_size("frame", frame, false);
  check_levels(levels);
  FloatArray made(static_cast<py::ssize_t>(
      layout(nullptr, frame.shape(0), frame.shape(1), levels).floats));
  const float* from = frame.data();
  float* data = made.mutable_data();
  const Levels pyramid = layout(data, frame.shape(0), frame.shape(1), levels);
  bool finite, enough = true;
  {
    py::gil_scoped_release nogil;
    finite = kernels().flow.copy(from, static_cast<std::size_t>(frame.size()), data);
    if (finite) enough = fill(pyramid, data, threads);
  }
  if (!finite) raise_value("frame", "finite grey levels up to 1e6", "another");
  if (!enough) throw std::bad_alloc();
  return made;
}

bool run(const FlowJob& job, std::size_t points, int threads) {
  const std::size_t scratch = kernels().flow.track_scratch(job.window);
  std::atomic<bool> enough{true};
  parallel_for(points, threads, 8, [&](std::size_t begin, std::size_t end) {
    const std::unique_ptr<float[]> own(new (std::nothrow) float[scratch]());
    if (own == nullptr)
      enough = false;
    else
      kernels().flow.track(job, begin, end, own.get());
  });
  return enough;
}

Tracked track(const FloatArray& previous, const FloatArray& next, const DoubleArray& points,
              py::ssize_t height, py::ssize_t width, int levels, int window, int iterations,
              double epsilon, double max_error, double min_eigenvalue, int threads) {
  require_shape("points", points, {2}, "shape (K, 2)");
  check_levels(levels);
  if (window < 3 || window > flow_most_window || window % 2 == 0)
    raise_value("window", "an odd number from 3 to " + std::to_string(flow_most_window),
                std::to_string(window));
  if (height < 1 || width < 1 || height > most_side || width > most_side)
    raise_value("height, width", "1 to " + std::to_string(most_side), "another");
  const Levels was = layout(previous.data(), height, width, levels),
               is = layout(next.data(), height, width, levels);
  for (const FloatArray* pyramid : {&previous, &next})
    if (pyramid->ndim() != 1 || static_cast<std::size_t>(pyramid->size()) != was.floats)
      raise_value("previous, next", "pyramids of " + std::to_string(was.floats) + " floats",
                  "shape " + shape_text(*pyramid));
  const py::ssize_t n = points.shape(0);
  DoubleArray found({n, py::ssize_t{2}}), error(n);
  py::array_t<bool> valid(n);
  const FlowJob job = {was.level.data(),
                       is.level.data(),
                       was.count,
                       points.data(),
                       window,
                       iterations,
                       epsilon,
                       min_eigenvalue,
                       max_error,
                       found.mutable_data(),
                       error.mutable_data(),
                       reinterpret_cast<std::uint8_t*>(valid.mutable_data())};
  bool enough;
  {
    py::gil_scoped_release nogil;
    enough = run(job, static_cast<std::size_t>(n), threads);
  }
  if (!enough) throw std::bad_alloc();
  return py::make_tuple(found, valid, error);
}

}  // namespace

void bind_flow(py::module_& m) {
  m.def("flow_pyramid_bytes", &pyramid_of_bytes, py::arg("frame").noconvert(), py::kw_only(),
        py::arg("levels"), py::arg("threads"));
  m.def("flow_pyramid_floats", &pyramid_of_floats, py::arg("frame").noconvert(), py::kw_only(),
        py::arg("levels"), py::arg("threads"));
  m.def("flow_track", &track, py::arg("previous").noconvert(), py::arg("next").noconvert(),
        py::arg("points").noconvert(), py::kw_only(), py::arg("height"), py::arg("width"),
        py::arg("levels"), py::arg("window"), py::arg("iterations"), py::arg("epsilon"),
        py::arg("max_error"), py::arg("min_eigenvalue"), py::arg("threads"));
}

}  // namespace flm
