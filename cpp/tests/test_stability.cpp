#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"

namespace {

// A state for `landmarks`, in buffers of the exact size.
struct State {
  explicit State(std::size_t landmarks)
      : stride((landmarks + 3) / 4 * 4),
        scalars(flm::stability_scalars, 0.0),
        planes(flm::stability_planes * stride, 0.0) {
    for (std::size_t p = 0; p < flm::plane_frames; ++p)
      for (std::size_t k = 0; k < landmarks; ++k) planes[p * stride + k] = NAN;
  }
  double at(int plane, std::size_t k) const { return planes[plane * stride + k]; }

  std::size_t stride;
  std::vector<double> scalars, planes;
};

template <class T, class Update>
void check_sizes(Update update) {
  for (std::size_t landmarks : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4},
                                std::size_t{5}, std::size_t{106}})
    for (std::size_t frames : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{33},
                               std::size_t{34}, std::size_t{70}}) {
      std::vector<T> points(frames * landmarks * 2);
      std::vector<double> windows(frames * 6), means(frames);
      for (std::size_t t = 0; t < frames; ++t) {
        const double window[6] = {1, 0, -static_cast<double>(t), 0, 1, 0};
        std::copy(window, window + 6, windows.begin() + 6 * t);
        for (std::size_t k = 0; k < landmarks; ++k) {  // each rides with the window
          points[2 * (t * landmarks + k)] = static_cast<T>(k + t);
          points[2 * (t * landmarks + k) + 1] = static_cast<T>(7);
        }
      }
      if (frames == 70 && landmarks > 0) points[2 * (40 * landmarks + landmarks - 1)] = NAN;
      State state(landmarks);
      const auto done = update(points.data(), windows.data(), frames, landmarks,
                               state.scalars.data(), state.planes.data(), means.data());
      CHECK(done.fault == flm::StabilityFault::none);
      CHECK(state.scalars[flm::scalar_frames] == static_cast<double>(frames));
      for (std::size_t t = 1; t < frames; ++t)
        CHECK(means[t] == 1 || (std::isnan(means[t]) && landmarks < 2));
      for (std::size_t k = 0; k < landmarks && frames > 0; ++k) {
        const double missing = frames == 70 && k + 1 == landmarks ? 1 : 0;
        const double n = state.scalars[flm::scalar_fast] + state.at(flm::plane_frames, k);
        CHECK(n == static_cast<double>(frames) - missing);
        CHECK(state.at(flm::plane_qq, k) == state.at(flm::plane_qd, k));  // q is d
        CHECK(state.at(flm::plane_shift_x, k) == static_cast<double>(k));
      }
    }
}

void check_faults() {
  State state(2);
  const double windows[12] = {1, 0, 0, 0, 1, 0, 1, 2, 0, 2, 4, 0};
  double means[2];
  const double good[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto& k = flm::kernels().stability;
  auto done =
      k.update_double(good, windows, 2, 2, state.scalars.data(), state.planes.data(), means);
  CHECK(done.fault == flm::StabilityFault::window && done.frame == 1);
  const float infinite[4] = {1, 2, INFINITY, 4};
  State fresh(2);
  done = k.update_float(infinite, windows, 1, 2, fresh.scalars.data(), fresh.planes.data(), means);
  CHECK(done.fault == flm::StabilityFault::point && done.frame == 0);
}

}  // namespace

void run_checks() {
  check_sizes<float>(flm::kernels().stability.update_float);
  check_sizes<double>(flm::kernels().stability.update_double);
  check_faults();
}
