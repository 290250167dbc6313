#include <cmath>

#include "check.hpp"

using flm::BoxRule;

void run_checks() {
  const flm::AffineKernels& k = flm::kernels().affine;
  const double degrees[5] = {0, 90, 180, -90, 1e6};
  double trig[10];
  k.cos_sin_degrees(degrees, 5, trig);
  CHECK(trig[0] == 1 && trig[1] == 0 && trig[2] == 0 && trig[3] == 1 && trig[4] == -1 &&
        trig[7] == -1);
  CHECK(std::fabs(trig[8] * trig[8] + trig[9] * trig[9] - 1) < 1e-15);

  const double box[4] = {-3.5, 2, 20.25, 90}, scale[1] = {1.3}, shift[2] = {0.05, -0.1};
  for (int rule = 0; rule < flm::box_rule_count; ++rule) {
    double a[6], inverse[6], identity[6];
    k.box_affine(box, scale, shift, trig + 8, 1, 192, 256, static_cast<BoxRule>(rule), a);
    CHECK(k.invert_affine(a, 1, inverse) == 1);
    k.compose_affine(a, inverse, 1, identity);
    const double expected[6] = {1, 0, 0, 0, 1, 0};
    for (int i = 0; i < 6; ++i) CHECK(std::fabs(identity[i] - expected[i]) < 1e-11);
  }
  // Rule fan's window of box 100, 100, 295, 295 is 400 wide about 197.5, 174.1.
  const double fan[6] = {0.64, 0, 128 - 0.64 * 197.5, 0, 0.64, 128 - 0.64 * 174.1};
  double snapped[6], back[6];
  k.snap_affine(fan, 1, 256, 256, snapped);
  CHECK(k.invert_affine(snapped, 1, back) == 1);
  CHECK(std::fabs(back[0] * -0.5 + back[2] + 0.5 - 0) < 1e-9);     // trunc(-0.9375)
  CHECK(std::fabs(back[0] * 255.5 + back[2] + 0.5 - 397) < 1e-9);  // trunc(397.5)
  CHECK(std::fabs(back[4] * -0.5 + back[5] + 0.5 + 24) < 1e-9);    // trunc(-24.3375)
  CHECK(std::fabs(back[4] * 255.5 + back[5] + 0.5 - 374) < 1e-9);  // trunc(374.1)
  const double singular[12] = {1, 0, 0, 0, 1, 0, 1, 2, 0, 2, 4, 0};
  double out[12];
  CHECK(k.invert_affine(singular, 2, out) == 1);
  k.transform_points(nullptr, nullptr, 0, 0, true, nullptr);
}
