// How this extension was built and what it runs on.
#include <pybind11/stl.h>

#include "arrays.hpp"
#include "flmcore/parallel.hpp"

namespace flm {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#elif defined(_MSC_VER)
  return "msvc " + std::to_string(_MSC_VER);
#else
  return "unknown";
#endif
}

void choose_isa(const std::string& name) {
  if (select_isa(name)) return;
  std::string names;
  for (const std::string& known : available_isas()) names += (names.empty() ? "" : ", ") + known;
  raise_value("FLMCORE_ISA", "one of " + names + " on this machine", "'" + name + "'");
}

}  // namespace

void bind_build(py::module_& m) {
  m.attr("__version__") = FLM_VERSION;
  m.def("compiler", &compiler);
  m.def("isa", &isa_name);
  m.def("available_isas", &available_isas);
  m.def("select_isa", &choose_isa, py::arg("name"));
  m.def("default_threads", &default_threads);
}

}  // namespace flm
