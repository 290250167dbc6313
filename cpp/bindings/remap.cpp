#include "flmcore/kernels/remap.hpp"

#include "arrays.hpp"

namespace flm {
namespace {

using IndexArray = py::array_t<std::int64_t, py::array::c_style>;

// Starts rise from 0 to `entries`, one more than there are runs.
void check_starts(const char* name, const IndexArray& starts, py::ssize_t entries,
                  py::ssize_t shortest, py::ssize_t longest) {
  const std::int64_t* s = starts.data();
  const py::ssize_t n = starts.size();
  bool good = starts.ndim() == 1 && n >= 1 && s[0] == 0 && s[n - 1] == entries;
  for (py::ssize_t i = 1; good && i < n; ++i)
    good = s[i] - s[i - 1] >= shortest && s[i] - s[i - 1] <= longest;
  if (!good) raise_value(name, "starts of runs that end with the entries", "something else");
}

void check_range(const char* name, const IndexArray& values, py::ssize_t limit) {
  const std::int64_t* v = values.data();
  for (py::ssize_t i = 0; i < values.size(); ++i)
    if (v[i] < 0 || v[i] >= limit)
      raise_value(name, "indices from 0 to " + std::to_string(limit - 1), std::to_string(v[i]));
}

RemapTable table_of(py::ssize_t sources, const IndexArray& row_start, const IndexArray& index,
                    const DoubleArray& weight, const IndexArray& path_start,
                    const IndexArray& path_index, const IndexArray& arc_path,
                    const IndexArray& arc_target, const DoubleArray& arc_fraction) {
  check_starts("row_start", row_start, index.size(), 0, index.size());
  check_starts("path_start", path_start, path_index.size(), 2, remap_longest_path);
  if (weight.size() != index.size())
    raise_value("weight", "one per index", std::to_string(weight.size()));
  if (arc_path.size() != arc_target.size() || arc_path.size() != arc_fraction.size())
    raise_value("arc_path, arc_target, arc_fraction", "the same length", "others");
  const py::ssize_t rows = row_start.size() - 1;
  check_range("index", index, sources);
  check_range("path_index", path_index, sources);
  check_range("arc_path", arc_path, path_start.size() - 1);
  check_range("arc_target", arc_target, rows);
  return {static_cast<std::size_t>(sources),
          static_cast<std::size_t>(rows),
          static_cast<std::size_t>(arc_path.size()),
          row_start.data(),
          index.data(),
          weight.data(),
          path_start.data(),
          path_index.data(),
          arc_path.data(),
          arc_target.data(),
          arc_fraction.data()};
}

template <class Array, class Kernel>
auto binding(Kernel RemapKernels::* kernel) {
  return [kernel](const Array& points, Array& out, const IndexArray& row_start,
                  const IndexArray& index, const DoubleArray& weight, const IndexArray& path_start,
                  const IndexArray& path_index, const IndexArray& arc_path,
                  const IndexArray& arc_target, const DoubleArray& arc_fraction) {
    require_shape("points", points, {-1, 2}, "shape (N, K, 2)");
    const RemapTable table = table_of(points.shape(1), row_start, index, weight, path_start,
                                      path_index, arc_path, arc_target, arc_fraction);
    require_shape("out", out, {row_start.size() - 1, 2}, "shape (N, M, 2), M the table's rows");
    if (out.shape(0) != points.shape(0))
      raise_value("out", std::to_string(points.shape(0)) + " faces as in points",
                  std::to_string(out.shape(0)));
    const py::ssize_t batch = points.shape(0);
    const auto* in = points.data();
    auto* target = out.mutable_data();
    py::gil_scoped_release nogil;
    (kernels().remap.*kernel)(in, static_cast<std::size_t>(batch), table, target);
  };
}

template <class Binding>
void define(py::module_& m, const char* name, Binding function) {
  m.def(name, function, py::arg("points").noconvert(), py::arg("out").noconvert(),
        py::arg("row_start").noconvert(), py::arg("index").noconvert(),
        py::arg("weight").noconvert(), py::arg("path_start").noconvert(),
        py::arg("path_index").noconvert(), py::arg("arc_path").noconvert(),
        py::arg("arc_target").noconvert(), py::arg("arc_fraction").noconvert());
}

}  // namespace

void bind_remap(py::module_& m) {
  define(m, "remap_float", binding<FloatArray>(&RemapKernels::remap_float));
  define(m, "remap_double", binding<DoubleArray>(&RemapKernels::remap_double));
}

}  // namespace flm
