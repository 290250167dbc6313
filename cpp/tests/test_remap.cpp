#include <cmath>
#include <vector>

#include "check.hpp"

namespace {

// Rows: a copy, a midpoint, three sources, none, and one placed by an arc.
template <class T, class Remap>
void check_rows(Remap remap) {
  const std::vector<std::int64_t> row_start = {0, 1, 3, 6, 6, 6}, index = {2, 0, 1, 0, 1, 2};
  const std::vector<double> weight = {1, 0.5, 0.5, 0.25, 0.25, 0.5};
  const std::vector<std::int64_t> path_start = {0, 3}, path_index = {0, 1, 2}, arc_path = {0};
  const std::vector<std::int64_t> arc_target = {4};
  const std::vector<double> arc_fraction = {0.75};
  const flm::RemapTable table = {3,
                                 5,
                                 1,
                                 row_start.data(),
                                 index.data(),
                                 weight.data(),
                                 path_start.data(),
                                 path_index.data(),
                                 arc_path.data(),
                                 arc_target.data(),
                                 arc_fraction.data()};
  for (std::size_t batch : {std::size_t{0}, std::size_t{1}, std::size_t{16}, std::size_t{17}}) {
    std::vector<T> in(batch * 6), out(batch * 10);
    for (std::size_t i = 0; i < batch; ++i) {
      const double face[6] = {0, 0, 4, 0, 4, 4};
      for (int j = 0; j < 6; ++j) in[6 * i + j] = static_cast<T>(face[j]);
    }
    remap(in.data(), batch, table, out.data());
    for (std::size_t i = 0; i < batch; ++i) {
      const T* row = out.data() + 10 * i;
      CHECK(row[0] == 4 && row[1] == 4);
      CHECK(row[2] == 2 && row[3] == 0);
      CHECK(row[4] == 3 && row[5] == 2);
      CHECK(std::isnan(row[6]) && std::isnan(row[7]));
      CHECK(row[8] == 4 && row[9] == 2);
    }
  }
}

}  // namespace

void run_checks() {
  check_rows<float>(flm::kernels().remap.remap_float);
  check_rows<double>(flm::kernels().remap.remap_double);
}
