#include <cmath>
#include <cstdint>
#include <vector>

#include "check.hpp"

namespace {

// Exact size, so that a sanitizer sees a read beyond the slack.
struct Pyramid {
  std::vector<float> data;
  std::vector<flm::FlowImage> levels;
};

Pyramid pyramid_of(std::ptrdiff_t height, std::ptrdiff_t width, int count, double shift) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * height * width));
  for (std::ptrdiff_t y = 0; y < height; ++y)
    for (std::ptrdiff_t x = 0; x < width; ++x)
      for (std::ptrdiff_t c = 0; c < 3; ++c)
        bytes[static_cast<std::size_t>(3 * (y * width + x) + c)] = static_cast<std::uint8_t>(
            128 + 60 * std::sin(0.35 * (static_cast<double>(x) - shift)) +
            60 * std::cos(0.3 * (static_cast<double>(y) + shift / 2)));
  std::size_t floats = 0;
  std::vector<std::ptrdiff_t> sizes;
  for (std::ptrdiff_t h = height, w = width; static_cast<int>(sizes.size()) < 2 * count;
       h = (h + 1) / 2, w = (w + 1) / 2) {
    sizes.push_back(h), sizes.push_back(w);
    floats += static_cast<std::size_t>(h * w);
    if (h < 4 || w < 4) break;
  }
  Pyramid made = {std::vector<float>(floats + flm::flow_slack), {}};
  float* at = made.data.data();
  for (std::size_t i = 0; i < sizes.size(); i += 2) {
    made.levels.push_back({at, sizes[i], sizes[i + 1]});
    if (i == 0) {
      flm::kernels().flow.grey({bytes.data(), height, width, 3 * width, 3, 1}, true, 0,
                               static_cast<std::size_t>(height), at);
    } else {
      const flm::FlowImage& from = made.levels[i / 2 - 1];
      std::vector<float> scratch(static_cast<std::size_t>(from.width + 4));
      flm::kernels().flow.halve(from, 0, static_cast<std::size_t>(sizes[i]), at, scratch.data());
    }
    at += sizes[i] * sizes[i + 1];
  }
  return made;
}

void check_track(std::ptrdiff_t height, std::ptrdiff_t width, int window) {
  const Pyramid a = pyramid_of(height, width, 3, 0), b = pyramid_of(height, width, 3, 1.3);
  std::vector<double> points;
  for (std::ptrdiff_t y = -2; y < height + 2; y += 3)
    for (std::ptrdiff_t x = -2; x < width + 2; x += 3)
      points.push_back(static_cast<double>(x) + 0.25), points.push_back(static_cast<double>(y));
  points.insert(points.end(), {NAN, 5, 5, INFINITY, 1e300, 5, -1e300, 5});
  const std::size_t n = points.size() / 2;
  std::vector<double> found(2 * n), error(n);
  std::vector<std::uint8_t> valid(n);
  const flm::FlowJob job = {a.levels.data(), b.levels.data(), static_cast<int>(a.levels.size()),
                            points.data(),   window,          30,
                            0.01,            1,               1,
                            found.data(),    error.data(),    valid.data()};
  std::vector<float> scratch(flm::kernels().flow.track_scratch(window));
  flm::kernels().flow.track(job, 0, n, scratch.data());
  std::size_t good = 0;
  for (std::size_t i = 0; i < n; ++i) {
    good += valid[i];
    CHECK(valid[i] ? error[i] <= 1 : std::isnan(found[2 * i]));
    if (valid[i] && window > 9) {
      CHECK(std::fabs(found[2 * i] - points[2 * i] - 1.3) < 0.1);
      CHECK(std::fabs(found[2 * i + 1] - points[2 * i + 1] + 0.65) < 0.1);
    }
  }
  CHECK(height < 2 * window || width < 2 * window || good > 0);
  for (std::size_t i = n - 4; i < n; ++i) CHECK(!valid[i]);
}

}  // namespace

void run_checks() {
  for (const int window : {3, 5, 7, 9, 15, 21})
    for (const std::ptrdiff_t side : {1, 3, 8, 23, 24, 61}) {
      check_track(side, 61, window);
      check_track(47, side, window);
    }
  const float bad[3] = {0, INFINITY, 1}, large[1] = {1.1e6f}, fine[2] = {-1e6f, 1e-30f};
  float to[3];
  CHECK(!flm::kernels().flow.copy(bad, 3, to));
  CHECK(!flm::kernels().flow.copy(large, 1, to));
  CHECK(flm::kernels().flow.copy(fine, 2, to) && to[0] == fine[0] && to[1] == fine[1]);
}
