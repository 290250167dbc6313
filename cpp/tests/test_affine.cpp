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
  const double singular[12] = {1, 0, 0, 0, 1, 0, 1, 2, 0, 2, 4, 0};
  double out[12];
  CHECK(k.invert_affine(singular, 2, out) == 1);
  k.transform_points(nullptr, nullptr, 0, 0, true, nullptr);
}
