#include <cmath>
#include <vector>

#include "check.hpp"

namespace {

template <class T, class Nme>
void check_sums(Nme nme) {
  for (std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{5}})
    for (std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4},
                          std::size_t{7}, std::size_t{106}}) {
      std::vector<T> points(n * k * 2, T{3}), truth(n * k * 2, T{3});
      for (std::size_t i = 0; i < n * k; ++i) points[2 * i] = 6, points[2 * i + 1] = 7;  // 5 away
      if (n > 0 && k > 0) points[2 * k - 1] = NAN;  // the last landmark of the first image
      std::vector<double> normaliser(n, 10.0), image(n), images(n), landmark(k), landmarks(k);
      nme(points.data(), truth.data(), normaliser.data(), n, k,
          flm::NmeSums{image.data(), images.data(), landmark.data(), landmarks.data()});
      for (std::size_t i = 0; i < n; ++i) {
        const double count = static_cast<double>(k) - (i == 0 && k > 0 ? 1 : 0);
        CHECK(images[i] == count && image[i] == 0.5 * count);
      }
      for (std::size_t j = 0; j < k; ++j) {
        const double count = static_cast<double>(n) - (j + 1 == k && n > 0 ? 1 : 0);
        CHECK(landmarks[j] == count && landmark[j] == 0.5 * count);
      }
    }
}

}  // namespace

void run_checks() {
  check_sums<float>(flm::kernels().nme.nme_float);
  check_sums<double>(flm::kernels().nme.nme_double);
}
