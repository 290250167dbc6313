#include "flmcore/kernels/crop.hpp"

#include <pybind11/stl.h>

#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <new>
#include <vector>

#include "arrays.hpp"
#include "flmcore/parallel.hpp"

namespace flm {
namespace {

using Bytes = py::array_t<std::uint8_t, 0>;  // any strides: an image is read where it lies
using Triple = std::array<double, 3>;

CropImage borrow_image(const py::handle& object, std::size_t index, bool alone) {
  const std::string name = alone ? "image" : "image[" + std::to_string(index) + "]";
  if (!py::isinstance<Bytes>(object))
    throw py::type_error(name + ": expected a uint8 array, got another kind");
  const Bytes image = py::reinterpret_borrow<Bytes>(object);
  const bool color = image.ndim() == 3 && image.shape(2) == 3, grey = image.ndim() == 2;
  constexpr py::ssize_t most = 1 << 30;  // columns and rows are 32-bit numbers inside
  if (!(color || grey) || image.shape(0) < 1 || image.shape(1) < 1 || image.shape(0) > most ||
      image.shape(1) > most)
    raise_value(name, "shape (H, W, 3) or (H, W), not empty", "shape " + shape_text(image));
  return {image.data(),     image.shape(0),   image.shape(1),
          image.strides(0), image.strides(1), color ? image.strides(2) : 0};
}

std::vector<CropImage> borrow_images(const py::list& images, std::size_t windows) {
  std::vector<CropImage> views;
  for (const py::handle& image : images)
    views.push_back(borrow_image(image, views.size(), images.size() == 1));
  if (views.size() != windows && views.size() != 1)
    raise_value("image", "one image, or a list of " + std::to_string(windows) + ", one per affine",
                std::to_string(views.size()) + " images");
  return views;
}

// Inverses, with every element small enough that no coordinate overflows.
std::vector<double> invert_all(const DoubleArray& affines) {
  const std::size_t n = static_cast<std::size_t>(affines.shape(0));
  const double* a = affines.data();
  std::vector<double> inverses(6 * n);
  for (std::size_t i = 0; i < n; ++i) {
    bool good = kernels().affine.invert_affine(a + 6 * i, 1, &inverses[6 * i]) == 1;
    for (std::size_t j = 6 * i; j < 6 * i + 6; ++j)
      good = good && std::isfinite(a[j]) && std::fabs(inverses[j]) <= 1e300;
    if (!good)
      raise_value("affines", "finite invertible 2x3 matrices",
                  "one that is not at index " + std::to_string(i));
  }
  return inverses;
}

void check_out(const py::array& out, const CropJob& job, bool bytes) {
  const py::ssize_t n = static_cast<py::ssize_t>(job.windows);
  const py::ssize_t planes[4] = {n, 3, job.height, job.width},
                    pixels[4] = {n, job.height, job.width, 3};
  const py::ssize_t* wanted = bytes ? pixels : planes;
  bool fits = out.ndim() == 4 && out.writeable() && (out.flags() & py::array::c_style);
  for (py::ssize_t axis = 0; fits && axis < 4; ++axis) fits = out.shape(axis) == wanted[axis];
  if (!fits)
    raise_value("out", "a writable C-contiguous array of the result's shape",
                "shape " + shape_text(out));
}

// Scratch is one thread's own; false where there is no memory for it.
bool run(const CropJob& job, int threads) {
  const CropKernels& kernel = kernels().crop;
  const std::size_t scratch = kernel.crop_scratch(job),
                    rows = job.windows * static_cast<std::size_t>(job.height);
  // Less than some 65,536 pixels (0.1 ms) is not worth a thread; antialiased ones cost several
  // times more.
  const std::size_t worth = (job.sampling == CropSampling::triangle ? 8192u : 65536u);
  const std::size_t grain =
      (worth + static_cast<std::size_t>(job.width) - 1) / static_cast<std::size_t>(job.width);
  std::atomic<bool> enough{true};
  parallel_for(rows, threads, grain, [&](std::size_t begin, std::size_t end) {
    const std::unique_ptr<float[]> own(scratch ? new (std::nothrow) float[scratch]() : nullptr);
    if (scratch != 0 && own == nullptr)
      enough = false;
    else
      kernel.crop_rows(job, begin, end, own.get());
  });
  return enough;
}

void crop(const py::typing::List<py::array>& images, const DoubleArray& affines,
          const py::array& out, py::ssize_t width, py::ssize_t height, int sampling, int border,
          const Triple& border_value, const Triple& mean, const Triple& std, bool bgr, bool clamp,
          int threads) {
  require_shape("affines", affines, {2, 3}, "shape (N, 2, 3)");
  if (width < 1 || width > 32767 || height < 1 || height > 32767)
    raise_value("size", "1 to 32767", "another");
  if (sampling < 0 || sampling > 2) raise_value("sampling", "0 to 2", std::to_string(sampling));
  if (border < 0 || border > 2) raise_value("border", "0 to 2", std::to_string(border));
  CropJob job = {};
  job.windows = static_cast<std::size_t>(affines.shape(0));
  job.height = height, job.width = width;
  job.sampling = static_cast<CropSampling>(sampling), job.border = static_cast<CropBorder>(border);
  job.clamp = clamp;
  for (std::size_t c = 0; c < 3; ++c) {
    job.border_value[c] = static_cast<float>(border_value[c]);
    job.source[c] = static_cast<int>(bgr ? 2 - c : c);
    job.scale[c] = static_cast<float>(1 / std[c]);
    job.bias[c] = static_cast<float>(-mean[c] / std[c]);
  }
  const std::vector<CropImage> views = borrow_images(images, job.windows);
  const std::vector<double> inverses = invert_all(affines);
  job.images = views.data(), job.one_image = views.size() == 1, job.inverses = inverses.data();
  const bool bytes = py::isinstance<Bytes>(out);
  if (!bytes && !py::isinstance<py::array_t<float, 0>>(out))
    throw py::type_error("out: expected float32 or uint8");
  check_out(out, job, bytes);
  void* to = const_cast<void*>(out.data());
  if (bytes)
    job.pixels = static_cast<std::uint8_t*>(to);
  else
    job.planes = static_cast<float*>(to);
  bool enough;
  {
    py::gil_scoped_release nogil;
    enough = run(job, threads);
  }
  if (!enough) throw std::bad_alloc();
}

}  // namespace

void bind_crop(py::module_& m) {
  m.def("crop", &crop, py::arg("images"), py::arg("affines").noconvert(),
        py::arg("out").noconvert(), py::kw_only(), py::arg("width"), py::arg("height"),
        py::arg("sampling"), py::arg("border"), py::arg("border_value"), py::arg("mean"),
        py::arg("std"), py::arg("bgr"), py::arg("clamp"), py::arg("threads"));
}

}  // namespace flm
