// What every binding needs: exact array types, and messages of one form, `argument: expected WHAT,
// got WHAT`.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/typing.h>

#include <string>

#include "flmcore/isa/dispatch.hpp"

namespace flm {

namespace py = pybind11;

// c_style alone, with noconvert() on the argument: another dtype or layout is a TypeError, never a
// silent copy.
using DoubleArray = py::array_t<double, py::array::c_style>;
using FloatArray = py::array_t<float, py::array::c_style>;

inline std::string shape_text(const py::array& array) {
  std::string text = "(";
  for (py::ssize_t i = 0; i < array.ndim(); ++i)
    text += (i ? ", " : "") + std::to_string(array.shape(i)) + (array.ndim() == 1 ? "," : "");
  return text + ")";
}

[[noreturn]] inline void raise_value(const std::string& argument, const std::string& expected,
                                     const std::string& got) {
  throw py::value_error(argument + ": expected " + expected + ", got " + got);
}

// Refuses an array whose trailing axes are not these; the first axis is the batch.
inline void require_shape(const char* argument, const py::array& array,
                          std::initializer_list<py::ssize_t> trailing, const char* expected) {
  bool fits = array.ndim() == static_cast<py::ssize_t>(trailing.size()) + 1;
  py::ssize_t axis = 1;
  for (const py::ssize_t extent : trailing) {
    if (!fits) break;
    fits = extent < 0 || array.shape(axis) == extent;
    ++axis;
  }
  if (!fits) raise_value(argument, expected, "shape " + shape_text(array));
}

void bind_build(py::module_& m);
void bind_affine(py::module_& m);
void bind_crop(py::module_& m);
void bind_flow(py::module_& m);
void bind_heatmap(py::module_& m);
void bind_layers(py::module_& m);
void bind_mesh(py::module_& m);
void bind_raster(py::module_& m);
void bind_shade(py::module_& m);
void bind_simcc(py::module_& m);
void bind_nme(py::module_& m);
void bind_remap(py::module_& m);
void bind_resample(py::module_& m);
void bind_stability(py::module_& m);

}  // namespace flm
