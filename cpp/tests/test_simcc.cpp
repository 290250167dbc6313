#include <cmath>
#include <vector>

#include "check.hpp"

namespace {

flm::Maps vectors(const std::vector<float>& values, std::size_t count) {
  const std::size_t bins = values.size() / count;
  const auto step = static_cast<std::ptrdiff_t>(4 * bins);
  return {reinterpret_cast<const char*>(values.data()),
          flm::MapType::float32,
          {step * static_cast<std::ptrdiff_t>(count), step, 0, 4},
          {1, count, 1, bins}};
}

void check_bins(std::size_t bins_x, std::size_t bins_y) {
  const flm::SimccKernels& k = flm::kernels().simcc;
  std::vector<float> x(3 * bins_x), y(3 * bins_y), xy(6), score(3);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = 0.5f + 0.4f * std::sin(0.1f * static_cast<float>(i));
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = 0.5f + 0.3f * std::cos(0.2f * static_cast<float>(i));
  x[bins_x / 2] = 2, y[bins_y - 1] = 3;
  const flm::Maps mx = vectors(x, 3), my = vectors(y, 3);
  k.argmax(mx, my, 0, 3, 2, 0, xy.data(), score.data());
  CHECK(xy[0] == static_cast<float>(bins_x / 2) / 2 && xy[1] == static_cast<float>(bins_y - 1) / 2);
  CHECK(score[0] == 2);
  for (const int blur : {1, 9, 35, flm::max_simcc_blur}) {
    k.dark(mx, my, 0, 3, 2, 0, blur, blur, xy.data(), score.data());
    for (const float value : xy) CHECK(std::isfinite(value));
  }
  k.expectation(mx, my, 0, 3, 2, 0, 1, xy.data(), score.data());
  for (const float value : xy) CHECK(std::isfinite(value));
  x[bins_x] = -HUGE_VALF;  // of the second landmark
  y[2 * bins_y] = std::nanf("");
  k.argmax(mx, my, 0, 3, 2, 0, xy.data(), score.data());
  CHECK(std::isfinite(xy[0]) && std::isfinite(xy[1]) && std::isfinite(score[0]));
  for (int i = 1; i < 3; ++i)
    CHECK(std::isnan(xy[2 * i]) && std::isnan(xy[2 * i + 1]) && std::isnan(score[i]));
}

// Vectors are searched by blocks of which the last may overlap the one before, several at a time.
void check_peaks(std::size_t bins) {
  constexpr std::size_t count = 7;
  for (std::size_t at = 0; at < bins; ++at) {
    std::vector<float> x(count * bins, -1.0f), xy(2 * count), score(count);
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = (at + k) % bins; i < bins; i += 1 + at % 70) x[k * bins + i] = 3e38f;
    x[2 * bins + at] = std::nanf("");  // no other landmark is affected; finite sums overflow
    const flm::Maps maps = vectors(x, count);
    flm::kernels().simcc.argmax(maps, maps, 0, count, 1, 0, xy.data(), score.data());
    for (std::size_t k = 0; k < count; ++k)
      CHECK(k == 2 ? std::isnan(xy[4]) && std::isnan(score[2])
                   : xy[2 * k] == static_cast<float>((at + k) % bins) && score[k] == 3e38f);
  }
}

}  // namespace

void run_checks() {
  for (const std::size_t bins : {63, 64, 65, 127, 128, 130, 200, 257}) check_peaks(bins);
  check_bins(512, 512);
  check_bins(384, 257);
  check_bins(33, 7);
  check_bins(2, 1);
}
