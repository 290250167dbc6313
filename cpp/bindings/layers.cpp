#include "flmcore/kernels/layers.hpp"

#include <vector>

#include "drawing.hpp"

namespace flm {
namespace {

std::vector<const std::uint8_t*> borrow_masks(const py::list& masks, const ByteArray& base) {
  std::vector<const std::uint8_t*> views;
  for (const py::handle& object : masks) {
    const std::string name = "masks[" + std::to_string(views.size()) + "]";
    if (!py::isinstance<ByteArray>(object))
      throw py::type_error(name + ": expected a contiguous uint8 array, got another kind");
    const ByteArray mask = py::reinterpret_borrow<ByteArray>(object);
    if (mask.ndim() != 2 || mask.shape(0) != base.shape(0) || mask.shape(1) != base.shape(1))
      raise_value(name, "height and width of base", "shape " + shape_text(mask));
    views.push_back(mask.data());
  }
  return views;
}

ByteArray blend_layers(const ByteArray& base, const py::typing::List<py::array>& masks,
                       const ByteArray& colours, const FloatArray& opacity) {
  require_shape("base", base, {-1, 3}, "shape (H, W, 3)");
  const std::vector<const std::uint8_t*> views = borrow_masks(masks, base);
  const py::ssize_t count = static_cast<py::ssize_t>(views.size());
  require_shape("colours", colours, {3}, "shape (M, 3)");
  if (colours.shape(0) != count)
    raise_value("colours", std::to_string(count) + " rows as there are masks",
                std::to_string(colours.shape(0)));
  require_length("opacity", opacity, count, "mask");
  for (py::ssize_t i = 0; i < count; ++i)
    if (!(opacity.data()[i] >= 0 && opacity.data()[i] <= 1))
      raise_value("opacity", "0 to 1", std::to_string(opacity.data()[i]));
  ByteArray out({base.shape(0), base.shape(1), py::ssize_t{3}});
  const std::uint8_t *from = base.data(), *paint = colours.data();
  const float* shares = opacity.data();
  std::uint8_t* to = out.mutable_data();
  const std::size_t pixels = static_cast<std::size_t>(base.shape(0) * base.shape(1));
  py::gil_scoped_release nogil;
  kernels().layers.blend_layers(from, pixels, views.data(), paint, shares, views.size(), to);
  return out;
}

}  // namespace

void bind_layers(py::module_& m) {
  m.def("blend_layers", &blend_layers, py::arg("base").noconvert(), py::arg("masks"),
        py::arg("colours").noconvert(), py::arg("opacity").noconvert());
}

}  // namespace flm
