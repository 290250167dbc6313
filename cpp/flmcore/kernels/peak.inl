// The largest value of a map and where it is first found, in one pass that also finds NaN and
// infinity.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/floats.inl"
#include "flmcore/kernels/maps.inl"

namespace flm::FLM_ISA {
namespace {

constexpr float largest_float = 3.402823466e+38f;

inline bool is_finite(float value) { return value >= -largest_float && value <= largest_float; }

// Largest of `count` values. Adds every one to `sum`, some twice: a finite sum is the cheapest
// proof that none is NaN or infinite, since either would stay in it.
inline float largest_of(const float* p, std::size_t count, Floats& sum) {
  constexpr std::size_t block = Floats::block;
  if (count < block) {
    float most = p[0];
    for (std::size_t i = 0; i < count; ++i) {
      most = p[i] > most ? p[i] : most;
      sum = sum.plus(Floats::all(p[i]));
    }
    return most;
  }
  Floats most[4], sums[4];
  for (int j = 0; j < 4; ++j) most[j] = Floats::load(p), sums[j] = Floats::all(0.0f);
  std::size_t i = 0;
  for (; i + 4 * block <= count; i += 4 * block)
    for (std::size_t j = 0; j < 4; ++j) {
      Floats values = Floats::load(p + i + j * block);
      keep_loaded(values);
      most[j] = most[j].larger(values), sums[j] = sums[j].plus(values);
    }
  for (; i < count;
       i += block) {  // the last block ends with the data and may overlap the one before
    const Floats values = Floats::load(p + (i + block <= count ? i : count - block));
    most[0] = most[0].larger(values), sums[0] = sums[0].plus(values);
  }
  sum = sum.plus(sums[0].plus(sums[1]).plus(sums[2].plus(sums[3])));
  return most[0].larger(most[1]).larger(most[2].larger(most[3])).most();
}

// First place of a value that is there.
inline std::size_t first_equal(const float* p, std::size_t count, float value) {
  constexpr std::size_t block = Floats::block;
  const Floats wanted = Floats::all(value);
  std::size_t i = 0;
  for (; i + 4 * block <= count; i += 4 * block) {
    unsigned mask = 0;
    for (std::size_t j = 0; j < 4; ++j)
      mask |= Floats::load(p + i + j * block).equal(wanted) << (j * block);
    if (mask != 0) return i + lowest_bit(mask);
  }
  while (p[i] != value) ++i;
  return i;
}

struct Found {
  std::size_t at;
  float value;
};

// Finds the first largest of values that lie together, where all are finite. It looks at them by
// blocks of 64: of each block a maximum, as a vector that is not made one number, and in each lane
// the first block of the largest so far. What is left is to search one block. No branch depends on
// the values: one that goes the unexpected way costs as much as reading a block.
constexpr std::size_t peak_block = 64;
constexpr std::size_t most_together = std::size_t{1} << 30;  // blocks are counted in floats

class PeakSearch {
 public:
  // Reads peak_block to most_together values. Adds each to `sums`, some twice.
  void read(const float* values, std::size_t count, Floats (&sums)[4]) {
    // Members are written at the end only: a compiler must take them for what is read.
    Floats most = block_most(values, sums), first = Floats::all(0.0f), block = first;
    const auto look_at = [&](const float* p) {
      const Floats here = block_most(p, sums);
      block = block.plus(Floats::all(1.0f));
      first = first.larger(block.where(here.is_larger(most)));
      most = most.larger(here);
    };
    for (std::size_t end = 2 * peak_block; end <= count; end += peak_block)
      look_at(values + end - peak_block);
    // The last block ends with the values and may overlap the one before.
    if (count % peak_block != 0) look_at(values + count - peak_block);
    p_ = values, count_ = count, most_ = most, first_ = first;
  }

  Found found() const {
    const Floats wanted = Floats::all(most_.most());
    const std::size_t blocks = (count_ + peak_block - 1) / peak_block;
    const Floats from_end = Floats::all(static_cast<float>(blocks)).minus(first_);
    const std::size_t block =
        blocks -
        static_cast<std::size_t>(static_cast<int>(from_end.where(most_.is_equal(wanted)).most()));
    const std::size_t start = block + 1 < blocks ? block * peak_block : count_ - peak_block;
    // With NaN among the values there may be no such place.
    const std::uint64_t mask = equal_among_64(p_ + start, wanted) | std::uint64_t{1}
                                                                        << (peak_block - 1);
    const std::size_t at = start + lowest_bit(mask);
    return {at, p_[at]};
  }

  bool all_finite() const {
    std::uint32_t bad = 0;
    for (std::size_t i = 0; i < count_; ++i) bad |= static_cast<std::uint32_t>(!is_finite(p_[i]));
    return bad == 0;
  }

 private:
  static Floats block_most(const float* p, Floats (&sums)[4]) {
    constexpr std::size_t each = Floats::block;
    Floats most[2];
    for (std::size_t j = 0; j < peak_block / each; ++j) {
      Floats values = Floats::load(p + j * each);
      keep_loaded(values);
      most[j % 2] = j < 2 ? values : most[j % 2].larger(values);
      sums[j % 4] = sums[j % 4].plus(values);
    }
    return most[0].larger(most[1]);
  }

  const float* p_;
  std::size_t count_;
  Floats most_, first_;
};

inline bool all_finite(const Map& rows, float* buffer) {
  std::uint32_t bad = 0;
  for (std::size_t y = 0; y < rows.height; ++y)
    for (std::size_t x = 0; x < rows.width; x += row_chunk) {
      const std::size_t count = rows.width - x < row_chunk ? rows.width - x : row_chunk;
      const float* values = row_values(rows, y, x, count, buffer);
      for (std::size_t i = 0; i < count; ++i)
        bad |= static_cast<std::uint32_t>(!is_finite(values[i]));
    }
  return bad == 0;
}

struct Peak {
  std::size_t y, x;
  float value;  // NaN where the map has a value that is NaN or infinite
};

// First in row-major order wins a tie. `buffer` has room for row_chunk values.
inline Peak find_peak(const Map& map, float* buffer) {
  // Rows that follow each other without a gap are one long row.
  Map rows = map;
  if (map.row_step == map.column_step * static_cast<std::ptrdiff_t>(map.width))
    rows.width *= map.height, rows.height = 1;
  Floats sum = Floats::all(0.0f);
  float best = -HUGE_VALF;
  std::size_t best_y = 0, best_x = 0;
  for (std::size_t y = 0; y < rows.height; ++y) {
    for (std::size_t x = 0; x < rows.width; x += row_chunk) {
      const std::size_t count = rows.width - x < row_chunk ? rows.width - x : row_chunk;
      const float most = largest_of(row_values(rows, y, x, count, buffer), count, sum);
      const bool better = most > best;
      best = better ? most : best, best_y = better ? y : best_y, best_x = better ? x : best_x;
    }
  }
  // A sum of finite values may overflow: only then each is looked at.
  if (!is_finite(sum.sum()) && !all_finite(rows, buffer)) return {0, 0, NAN};
  const std::size_t count = rows.width - best_x < row_chunk ? rows.width - best_x : row_chunk;
  const float* values = row_values(rows, best_y, best_x, count, buffer);
  const std::size_t found = best_x + first_equal(values, count, best);
  if (rows.height == map.height) return {best_y, found, values[found - best_x]};
  return {found / map.width, found % map.width, values[found - best_x]};
}

constexpr std::size_t peaks_at_once = 4;

// The maps of a batch from one on, a few at a time.
class MapsInTurn {
 public:
  MapsInTurn(const Maps& maps, std::size_t begin)
      : maps_(maps),
        cells_(maps.shape[2] * maps.shape[3]),
        together_(maps.type == MapType::float32 && maps.steps[3] == 4 &&
                  (maps.shape[2] == 1 ||
                   maps.steps[2] == 4 * static_cast<std::ptrdiff_t>(maps.shape[3])) &&
                  cells_ >= peak_block && cells_ <= most_together),
        k_(begin % maps.shape[1]),
        offset_(begin / maps.shape[1] * step(0) + k_ * step(1)) {}

  // The next `count` maps, at most peaks_at_once. Where they lie together all are read before the
  // first is searched, so that the searches, chains of short steps, run beside each other.
  void find_peaks(std::size_t count, float* buffer) {
    for (std::size_t i = 0; i < count; ++i)
      data_[i] = maps_.data + static_cast<std::ptrdiff_t>(offset_), advance();
    if (!together_) {
      for (std::size_t i = 0; i < count; ++i) peaks_[i] = find_peak(map(i), buffer);
      return;
    }
    PeakSearch searches[peaks_at_once];
    Floats sums[4];
    for (Floats& sum : sums) sum = Floats::all(0.0f);
    for (std::size_t i = 0; i < count; ++i)
      searches[i].read(reinterpret_cast<const float*>(data_[i]), cells_, sums);
    // A sum of finite values may overflow: only then each is looked at.
    const bool finite = is_finite(sums[0].plus(sums[1]).plus(sums[2].plus(sums[3])).sum());
    for (std::size_t i = 0; i < count; ++i) {
      const Found found = searches[i].found();
      const float value = finite || searches[i].all_finite() ? found.value : NAN;
      peaks_[i] = maps_.shape[2] == 1
                      ? Peak{0, found.at, value}
                      : Peak{found.at / maps_.shape[3], found.at % maps_.shape[3], value};
    }
  }

  // Of the maps that find_peaks has found.
  const Peak& peak(std::size_t i) const { return peaks_[i]; }
  Map map(std::size_t i) const {
    return {data_[i], maps_.type, maps_.steps[2], maps_.steps[3], maps_.shape[2], maps_.shape[3]};
  }

 private:
  // Unsigned, so that an offset past the last map, which nothing reads, may overflow.
  std::size_t step(int axis) const { return static_cast<std::size_t>(maps_.steps[axis]); }

  void advance() {
    const bool same_n = ++k_ < maps_.shape[1];
    offset_ += same_n ? step(1) : step(0) - (maps_.shape[1] - 1) * step(1);
    k_ = same_n ? k_ : 0;
  }

  Maps maps_;
  std::size_t cells_;
  bool together_;
  std::size_t k_, offset_;
  const char* data_[peaks_at_once];
  Peak peaks_[peaks_at_once];
};

}  // namespace
}  // namespace flm::FLM_ISA
