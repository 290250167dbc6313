// The promise that a ranking never depends on the machine: the same input gives the same bytes on
// every instruction set, compiler and processor. Inputs come from a fixed generator; the digests
// below were computed once and must come out everywhere (a NaN counts as one value: processors
// differ in its unused bits). Where a kernel's meaning changes on purpose, its digest changes with
// it: the failing line prints the new one.
#include <cmath>
#include <cstdint>
#include <vector>

#include "digest.hpp"

namespace {

struct Generator {
  std::uint32_t state = 12345;
  std::uint32_t next() { return state = state * 1664525u + 1013904223u; }
  double between(double low, double high) {
    return low + (high - low) * (next() >> 8) / 16777216.0;
  }
};

template <class T>
std::vector<T> values(Generator& random, std::size_t n, double low, double high) {
  std::vector<T> made(n);
  for (T& value : made) value = static_cast<T>(random.between(low, high));
  return made;
}

std::vector<double> some_affines(std::size_t n, bool rotated) {
  Generator random;
  std::vector<double> boxes = values<double>(random, 4 * n, -30, 60), trig(2 * n), affines(6 * n);
  for (std::size_t i = 0; i < n; ++i) {
    boxes[4 * i + 2] = boxes[4 * i] + random.between(10, 150);
    boxes[4 * i + 3] = boxes[4 * i + 1] + random.between(10, 150);
  }
  const std::vector<double> scale = values<double>(random, n, 0.5, 2),
                            shift = values<double>(random, 2 * n, -0.2, 0.2),
                            degrees =
                                values<double>(random, n, rotated ? -400 : 0, rotated ? 400 : 0);
  flm::kernels().affine.cos_sin_degrees(degrees.data(), n, trig.data());
  flm::kernels().affine.box_affine(boxes.data(), scale.data(), shift.data(), trig.data(), n, 37, 41,
                                   flm::BoxRule::square, affines.data());
  return affines;
}

Digest crop_digest() {
  Digest digest;
  Generator random;
  std::vector<std::uint8_t> pixels(90 * 120 * 3);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.next() >> 24);
  const flm::CropImage image = {pixels.data(), 90, 120, 360, 3, 1};
  for (const bool rotated : {false, true})
    for (const flm::CropSampling sampling :
         {flm::CropSampling::nearest, flm::CropSampling::bilinear, flm::CropSampling::triangle})
      for (const flm::CropBorder border :
           {flm::CropBorder::constant, flm::CropBorder::replicate, flm::CropBorder::reflect}) {
        const std::vector<double> affines = some_affines(5, rotated);
        std::vector<double> inverses(30);
        flm::kernels().affine.invert_affine(affines.data(), 5, inverses.data());
        std::vector<float> planes(5 * 3 * 41 * 37);
        const flm::CropJob job = {&image,
                                  true,
                                  inverses.data(),
                                  5,
                                  41,
                                  37,
                                  sampling,
                                  border,
                                  false,
                                  {1, 2.5f, 3},
                                  {2, 1, 0},
                                  {0.01f, 0.02f, 0.03f},
                                  {-1, 0, 1},
                                  planes.data(),
                                  nullptr};
        std::vector<float> scratch(flm::kernels().crop.crop_scratch(job));
        flm::kernels().crop.crop_rows(job, 0, 5 * 41, scratch.data());
        digest.add(planes);
      }
  return digest;
}

flm::Maps as_maps(const std::vector<float>& heat, std::size_t k, std::size_t height,
                  std::size_t width) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(4 * width),
                       map = row * static_cast<std::ptrdiff_t>(height);
  return {reinterpret_cast<const char*>(heat.data()),
          flm::MapType::float32,
          {map * static_cast<std::ptrdiff_t>(k), map, row, 4},
          {1, k, height, width}};
}

Digest decode_digest() {
  Digest digest;
  Generator random;
  const std::size_t k = 40, n = 33;
  std::vector<float> heat = values<float>(random, k * n * n, 0, 0.1);
  for (std::size_t map = 0; map < k; ++map) {  // a round top somewhere, also across the border
    const double cx = random.between(-1, 34), cy = random.between(-1, 34);
    for (std::size_t y = 0; y < n; ++y)
      for (std::size_t x = 0; x < n; ++x) {
        const double dx = static_cast<double>(x) - cx, dy = static_cast<double>(y) - cy;
        heat[(map * n + y) * n + x] += static_cast<float>(1 / (1 + dx * dx + dy * dy));
      }
  }
  const flm::Maps maps = as_maps(heat, k, n, n);
  const flm::HeatmapKernels& h = flm::kernels().heatmap;
  std::vector<float> xy(2 * k), score(k);
  const auto keep = [&] { digest.add(xy), digest.add(score); };
  h.argmax(maps, 0, k, 0, xy.data(), score.data()), keep();
  h.quarter(maps, 0, k, 0, flm::QuarterRule::symmetric, xy.data(), score.data()), keep();
  h.taylor(maps, 0, k, 0, xy.data(), score.data()), keep();
  h.dark(maps, 0, k, 0, 11, xy.data(), score.data()), keep();
  h.dark_udp(maps, 0, k, 0, 11, xy.data(), score.data()), keep();
  h.softargmax(maps, 0, k, -1, 7.5, xy.data(), score.data()), keep();
  h.local_mean(maps, 0, k, 0, 0.7, 0.2, xy.data(), score.data()), keep();
  const flm::Maps rows = as_maps(heat, k, 1, n * n);
  const flm::SimccKernels& s = flm::kernels().simcc;
  s.argmax(rows, rows, 0, k, 2, 0, xy.data(), score.data()), keep();
  s.dark(rows, rows, 0, k, 2, 0, 35, 35, xy.data(), score.data()), keep();
  s.expectation(rows, rows, 0, k, 2, 0, 3, xy.data(), score.data()), keep();
  return digest;
}

Digest metrics_digest() {
  Digest digest;
  Generator random;
  const std::size_t frames = 50, k = 13, stride = 16;
  std::vector<float> points = values<float>(random, frames * k * 2, 500, 600);
  points[7] = points[300] = NAN;
  const std::vector<double> windows = some_affines(frames, true);
  std::vector<double> scalars(flm::stability_scalars), planes(flm::stability_planes * stride),
      means(frames);
  for (std::size_t i = 0; i < 6 * stride; ++i) planes[i] = NAN;
  flm::kernels().stability.update_float(points.data(), windows.data(), frames, k, scalars.data(),
                                        planes.data(), means.data());
  digest.add(scalars), digest.add(planes), digest.add(means);

  const std::vector<float> truth = values<float>(random, frames * k * 2, 500, 600);
  const std::vector<double> normaliser = values<double>(random, frames, 50, 60);
  std::vector<double> image_sum(frames), image_count(frames), landmark_sum(k), landmark_count(k);
  flm::kernels().nme.nme_float(
      points.data(), truth.data(), normaliser.data(), frames, k,
      {image_sum.data(), image_count.data(), landmark_sum.data(), landmark_count.data()});
  digest.add(image_sum), digest.add(landmark_sum);

  const std::int64_t row_start[4] = {0, 1, 3, 3}, index[3] = {4, 0, 9}, path_start[2] = {0, 3},
                     path_index[3] = {1, 2, 5}, arc_path[1] = {0}, arc_target[1] = {2};
  const double weight[3] = {1, 0.3, 0.7}, fraction[1] = {0.37};
  const flm::RemapTable table = {k,          3,          1,        row_start,  index,   weight,
                                 path_start, path_index, arc_path, arc_target, fraction};
  std::vector<float> remapped(frames * 3 * 2);
  flm::kernels().remap.remap_float(points.data(), frames, table, remapped.data());
  digest.add(remapped);
  return digest;
}

Digest flow_digest() {
  Digest digest;
  Generator random;
  constexpr std::ptrdiff_t height = 61, width = 83, half_height = 31, half_width = 42;
  constexpr std::size_t whole = height * width, n = 60;
  const std::vector<double> waves = values<double>(random, 24, 0.1, 0.6);
  const flm::FlowKernels& flow = flm::kernels().flow;
  std::vector<float> pyramids[2];
  std::vector<flm::FlowImage> levels[2];
  for (std::size_t frame = 0; frame < 2; ++frame) {
    std::vector<std::uint8_t> bytes(3 * whole);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const int x = static_cast<int>(i / 3 % width) + static_cast<int>(2 * frame),
                y = static_cast<int>(i / 3 / width) - static_cast<int>(frame);
      // triangles: sums and products only, as a library's sine may differ between machines
      double grey = 30.0 * static_cast<double>(i % 3);
      for (std::size_t w = 0; w < 24; w += 2) {
        const double at = waves[w] * x + waves[w + 1] * y + 100;
        grey += 13 * std::fabs(at - 2 * static_cast<double>(static_cast<int>(at / 2)) - 1);
      }
      bytes[i] = static_cast<std::uint8_t>(grey);
    }
    std::vector<float>& made = pyramids[frame];
    made.resize(whole + half_height * half_width + flm::flow_slack);
    flow.grey({bytes.data(), height, width, 3 * width, 3, 1}, true, 0, height, made.data());
    levels[frame] = {{made.data(), height, width}, {&made[whole], half_height, half_width}};
    std::vector<float> scratch(width + 4);
    flow.halve(levels[frame][0], 0, half_height, &made[whole], scratch.data());
    digest.add(made);
  }
  const std::vector<double> points = values<double>(random, 2 * n, 0, 70);
  std::vector<double> found(2 * n), error(n);
  std::vector<std::uint8_t> valid(n);
  for (const int window : {5, 9, 16 + 1}) {
    std::vector<float> scratch(flow.track_scratch(window));
    flow.track({levels[0].data(), levels[1].data(), 2, points.data(), window, 20, 0.01, 0.1, 5.0,
                found.data(), error.data(), valid.data()},
               0, n, scratch.data());
    digest.add(found), digest.add(error), digest.add(valid);
  }
  return digest;
}

Digest resample_digest() {
  Digest digest;
  Generator random;
  const std::size_t n = 131, rows = 9;
  std::vector<std::uint64_t> words(rows * n);
  for (std::uint64_t& word : words) {
    word = static_cast<std::uint64_t>(random.next()) << 32;
    word |= random.next();
  }
  for (std::size_t m : {std::size_t{1}, std::size_t{6}}) {
    const std::vector<double> numbers = values<double>(random, n * m, -3, 7);
    std::vector<double> means(rows * m), scratch(4 * m);
    const flm::ResampleJob job = {numbers.data(), n, m, words.data(), rows, means.data(),
                                  scratch.data()};
    flm::kernels().resample.draw(job);
    digest.add(means);
    flm::kernels().resample.flip(job);
    digest.add(means);
  }
  return digest;
}

}  // namespace

void run_checks() {
  Digest affine;
  affine.add(some_affines(100, true));
  expect("affine", affine, 0xbae3862713b7e7c6);
  expect("crop", crop_digest(), 0xa5674e99c368841e);
  expect("decode", decode_digest(), 0xb209066ef7e7d744);
  expect("flow", flow_digest(), 0xa73f7d3fad19bada);
  expect("metrics", metrics_digest(), 0xe99c917e4a468a2b);
  expect("resample", resample_digest(), 0x7cdf0de824956dd9);
}
