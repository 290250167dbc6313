#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "check.hpp"

namespace {

struct Result {
  std::vector<float> xy, score;
};

// Every decoder over maps of exactly the size they are said to have.
std::vector<Result> decode_all(const flm::Maps& maps) {
  const flm::HeatmapKernels& k = flm::kernels().heatmap;
  const std::size_t count = maps.shape[0] * maps.shape[1];
  std::vector<Result> results(9, Result{std::vector<float>(2 * count), std::vector<float>(count)});
  const auto xy = [&](int i) { return results[static_cast<std::size_t>(i)].xy.data(); };
  const auto score = [&](int i) { return results[static_cast<std::size_t>(i)].score.data(); };
  k.argmax(maps, 0, count, 0, xy(0), score(0));
  k.quarter(maps, 0, count, 0, flm::QuarterRule::mmpose, xy(1), score(1));
  k.taylor(maps, 0, count, 0, xy(2), score(2));
  k.dark(maps, 0, count, 0, 11, xy(3), score(3));
  k.dark(maps, 0, count, 0, flm::max_blur, xy(4), score(4));
  k.dark_udp(maps, 0, count, 0, 11, xy(5), score(5));
  k.dark_udp(maps, 0, count, 0, 1, xy(6), score(6));
  k.softargmax(maps, 0, count, -HUGE_VAL, 1, xy(7), score(7));
  k.local_mean(maps, 0, count, 0, 1, 0.1, xy(8), score(8));
  return results;
}

bool same(const std::vector<Result>& a, const std::vector<Result>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(a[i].xy.data(), b[i].xy.data(), 4 * a[i].xy.size()) != 0 ||
        std::memcmp(a[i].score.data(), b[i].score.data(), 4 * a[i].score.size()) != 0)
      return false;
  return true;
}

flm::Maps packed(const std::vector<float>& values, std::size_t count, std::size_t height,
                 std::size_t width) {
  const auto row = static_cast<std::ptrdiff_t>(4 * width),
             map = row * static_cast<std::ptrdiff_t>(height);
  return {reinterpret_cast<const char*>(values.data()),
          flm::MapType::float32,
          {map * static_cast<std::ptrdiff_t>(count), map, row, 4},
          {1, count, height, width}};
}

void check_shape(std::size_t height, std::size_t width) {
  std::uint32_t state = 1;
  std::vector<float> values(3 * height * width);
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 16777216.0f;
  }
  const flm::Maps maps = packed(values, 3, height, width);
  const std::vector<Result> results = decode_all(maps);
  for (std::size_t k = 0; k < 3; ++k) {
    const float* map = values.data() + k * height * width;
    std::size_t best = 0;
    for (std::size_t i = 1; i < height * width; ++i) best = map[i] > map[best] ? i : best;
    CHECK(results[0].xy[2 * k] == static_cast<float>(best % width));
    CHECK(results[0].xy[2 * k + 1] == static_cast<float>(best / width));
    for (const Result& result : results) {
      CHECK(result.score[k] == map[best]);
      CHECK(std::isfinite(result.xy[2 * k]) && std::isfinite(result.xy[2 * k + 1]));
    }
  }
  // The same maps stored by columns, and backwards.
  std::vector<float> columns(values.size()), backwards(values.rbegin(), values.rend());
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x)
        columns[(k * width + x) * height + y] = values[(k * height + y) * width + x];
  flm::Maps view = packed(columns, 3, height, width);
  view.steps[2] = 4, view.steps[3] = static_cast<std::ptrdiff_t>(4 * height);
  CHECK(same(decode_all(view), results));
  view = packed(backwards, 3, height, width);
  view.data += 4 * (values.size() - 1);
  for (std::ptrdiff_t& step : view.steps) step = -step;
  CHECK(same(decode_all(view), results));
  // NaN in the second map reaches no other.
  values[height * width + height * width / 2] = std::nanf("");
  const std::vector<Result> with_nan = decode_all(packed(values, 3, height, width));
  for (std::size_t i = 0; i < results.size(); ++i) {
    CHECK(std::isnan(with_nan[i].xy[2]) && std::isnan(with_nan[i].xy[3]) &&
          std::isnan(with_nan[i].score[1]));
    CHECK(with_nan[i].xy[0] == results[i].xy[0] && with_nan[i].xy[4] == results[i].xy[4]);
  }
}

void check_halves() {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  const flm::Maps maps = {reinterpret_cast<const char*>(halves.data()),
                          flm::MapType::float16,
                          {0, 2, 2, 2},
                          {1, 65536, 1, 1}};
  std::vector<float> xy(2 * halves.size()), score(halves.size());
  flm::kernels().heatmap.argmax(maps, 0, halves.size(), -HUGE_VAL, xy.data(), score.data());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const int exponent = static_cast<int>(i >> 10) & 31, fraction = static_cast<int>(i & 1023);
    const double sign = i & 0x8000 ? -1.0 : 1.0;
    const double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    CHECK(exponent == 31 ? std::isnan(score[i]) : static_cast<double>(score[i]) == sign * size);
  }
}

void check_exp_log() {
  const flm::ElementaryKernels& k = flm::kernels().elementary;
  for (double x = -700; x < 700; x += 0.37) {
    double power, back;
    k.exponential(&x, 1, &power);
    k.logarithm(&power, 1, &back);
    CHECK(std::fabs(power / std::exp(x) - 1) < 1e-15);
    CHECK(std::fabs(back - std::log(power)) <= 0x1p-52 * (1 + std::fabs(back)));
  }
}

}  // namespace

void run_checks() {
  const std::size_t shapes[][2] = {{1, 1}, {1, 7},   {5, 1},   {2, 8},    {3, 9},   {16, 16},
                                   {5, 5}, {64, 64}, {64, 48}, {13, 257}, {257, 1}, {70, 300}};
  for (const auto& shape : shapes) check_shape(shape[0], shape[1]);
  check_halves();
  check_exp_log();
  std::vector<float> ones(1001, 1.0f);
  CHECK(flm::kernels().heatmap.read_once(ones.data(), ones.size()) == 1001.0f);
}
