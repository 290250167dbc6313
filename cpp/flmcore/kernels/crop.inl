#include "flmcore/kernels/crop.hpp"
#include "flmcore/kernels/crop_affine.inl"
#include "flmcore/kernels/crop_axis.inl"
#include "flmcore/kernels/crop_nearest.inl"
#include "flmcore/kernels/crop_triangle.inl"

namespace flm::FLM_ISA {
namespace {

std::size_t crop_scratch(const CropJob& job) {
  if (job.sampling != CropSampling::triangle) return 0;
  std::ptrdiff_t most = 0;
  for (std::size_t w = 0; w < job.windows; ++w) {
    const CropImage& image = job.images[job.one_image ? 0 : w];
    const double* b = job.inverses + 6 * w;
    const std::ptrdiff_t x = crops::most_taps(crops::shrink_of(b[0], b[1]), image.width);
    const std::ptrdiff_t y = crops::most_taps(crops::shrink_of(b[3], b[4]), image.height);
    const std::ptrdiff_t room = crops::triangle_tile * x + y + 3 * image.width + 1;
    most = room > most ? room : most;
  }
  return static_cast<std::size_t>(most);
}

void crop_rows(const CropJob& job, std::size_t begin, std::size_t end, float* scratch) {
  const std::size_t height = static_cast<std::size_t>(job.height);
  while (begin < end) {
    const std::size_t w = begin / height, row = begin % height;
    const std::size_t past = height - row < end - begin ? height : row + (end - begin);
    const CropImage& image = job.images[job.one_image ? 0 : w];
    const double* b = job.inverses + 6 * w;
    const std::ptrdiff_t v = static_cast<std::ptrdiff_t>(row),
                         v_end = static_cast<std::ptrdiff_t>(past);
    if (job.sampling == CropSampling::triangle)
      crops::triangle_rows(job, w, image, b, v, v_end, scratch);
    else if (job.sampling == CropSampling::nearest)
      crops::nearest_rows(job, w, image, b, v, v_end);
    else if (b[1] == 0 && b[3] == 0)
      crops::axis_rows(job, w, image, b, v, v_end);
    else
      crops::affine_rows(job, w, image, b, v, v_end);
    begin += past - row;
  }
  crops::end_streaming();
}

constexpr CropKernels crop_kernels = {crop_scratch, crop_rows};

}  // namespace
}  // namespace flm::FLM_ISA
