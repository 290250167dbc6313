#include "arrays.hpp"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
  m.doc() =
      "Kernels of flmcore. Arrays are taken as they are: the functions in flmcore.ops cast and "
      "document.";
  flm::bind_build(m);
  flm::bind_affine(m);
  flm::bind_crop(m);
  flm::bind_flow(m);
  flm::bind_heatmap(m);
  flm::bind_layers(m);
  flm::bind_mesh(m);
  flm::bind_raster(m);
  flm::bind_shade(m);
  flm::bind_simcc(m);
  flm::bind_nme(m);
  flm::bind_remap(m);
  flm::bind_resample(m);
  flm::bind_stability(m);
}
