// The largest value of a map and where it is first found, in one pass that also finds NaN and infinity.
// Plain loops miss the target here: without -ffinite-math-only no compiler turns a float maximum into vectors.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flmcore/kernels/maps.inl"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif

namespace flm::FLM_ISA {
namespace {

// What a vector of floats needs for a maximum; `block` floats each.
#if defined(__AVX2__)
struct Floats {
    static constexpr std::size_t block = 8;
    __m256 v;
    static Floats load(const float* p) { return {_mm256_loadu_ps(p)}; }
    static Floats all(float value) { return {_mm256_set1_ps(value)}; }
    Floats larger(Floats other) const { return {_mm256_max_ps(v, other.v)}; }
    Floats plus(Floats other) const { return {_mm256_add_ps(v, other.v)}; }
    unsigned equal(Floats other) const {
        return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(v, other.v, _CMP_EQ_OQ)));
    }
    void store(float* p) const { _mm256_storeu_ps(p, v); }
};
#elif defined(__SSE2__) || defined(_M_X64)
struct Floats {
    static constexpr std::size_t block = 4;
    __m128 v;
    static Floats load(const float* p) { return {_mm_loadu_ps(p)}; }
    static Floats all(float value) { return {_mm_set1_ps(value)}; }
    Floats larger(Floats other) const { return {_mm_max_ps(v, other.v)}; }
    Floats plus(Floats other) const { return {_mm_add_ps(v, other.v)}; }
    unsigned equal(Floats other) const {
        return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpeq_ps(v, other.v)));
    }
    void store(float* p) const { _mm_storeu_ps(p, v); }
};
#else
struct Floats {
    static constexpr std::size_t block = 4;
    float v[4];
    static Floats load(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
    static Floats all(float value) { return {{value, value, value, value}}; }
    Floats larger(Floats other) const {
        Floats out;
        for (int i = 0; i < 4; ++i) out.v[i] = v[i] > other.v[i] ? v[i] : other.v[i];
        return out;
    }
    Floats plus(Floats other) const {
        Floats out;
        for (int i = 0; i < 4; ++i) out.v[i] = v[i] + other.v[i];
        return out;
    }
    unsigned equal(Floats other) const {
        unsigned mask = 0;
        for (int i = 0; i < 4; ++i) mask |= static_cast<unsigned>(v[i] == other.v[i]) << i;
        return mask;
    }
    void store(float* p) const { std::memcpy(p, v, sizeof(v)); }
};
#endif

constexpr float largest_float = 3.402823466e+38f;

inline bool is_finite(float value) { return value >= -largest_float && value <= largest_float; }

inline bool all_finite(const float* p, std::size_t count) {
    std::uint32_t bad = 0;
    for (std::size_t i = 0; i < count; ++i) bad |= static_cast<std::uint32_t>(!is_finite(p[i]));
    return bad == 0;
}

struct Largest {
    float value;
    float sum;  // of every value, some twice: only its being finite means anything
};

// The sum is the cheapest proof that no value is NaN or infinite: one addition, and either would stay in it.
inline Largest largest_of(const float* p, std::size_t count) {
    constexpr std::size_t block = Floats::block;
    Largest result = {p[0], 0.0f};
    if (count >= block) {
        Floats most[4], sum[4];
        for (int j = 0; j < 4; ++j) most[j] = Floats::load(p), sum[j] = Floats::all(0.0f);
        std::size_t i = 0;
        for (; i + 4 * block <= count; i += 4 * block)
            for (std::size_t j = 0; j < 4; ++j) {
                const Floats values = Floats::load(p + i + j * block);
                most[j] = most[j].larger(values), sum[j] = sum[j].plus(values);
            }
        for (; i < count; i += block) {  // the last block ends with the data and may overlap the one before
            const Floats values = Floats::load(p + (i + block <= count ? i : count - block));
            most[0] = most[0].larger(values), sum[0] = sum[0].plus(values);
        }
        float lanes[block], sums[block];
        most[0].larger(most[1]).larger(most[2].larger(most[3])).store(lanes);
        sum[0].plus(sum[1]).plus(sum[2].plus(sum[3])).store(sums);
        for (std::size_t j = 0; j < block; ++j) {
            result.value = lanes[j] > result.value ? lanes[j] : result.value;
            result.sum += sums[j];
        }
        return result;
    }
    for (std::size_t i = 0; i < count; ++i) {
        result.value = p[i] > result.value ? p[i] : result.value;
        result.sum += p[i];
    }
    return result;
}

// First place of a value that is there.
inline std::size_t first_equal(const float* p, std::size_t count, float value) {
    constexpr std::size_t block = Floats::block;
    const Floats wanted = Floats::all(value);
    std::size_t i = 0;
    for (; i + 4 * block <= count; i += 4 * block) {
        unsigned mask = 0;
        for (std::size_t j = 0; j < 4; ++j) mask |= Floats::load(p + i + j * block).equal(wanted) << (j * block);
        if (mask != 0) break;
    }
    while (p[i] != value) ++i;
    return i;
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
    float best = 0;
    std::size_t best_y = 0, best_x = rows.width;
    for (std::size_t y = 0; y < rows.height; ++y) {
        for (std::size_t x = 0; x < rows.width; x += row_chunk) {
            const std::size_t count = rows.width - x < row_chunk ? rows.width - x : row_chunk;
            const float* values = row_values(rows, y, x, count, buffer);
            const Largest largest = largest_of(values, count);
            if (!is_finite(largest.sum) && !all_finite(values, count))
                return {0, 0, NAN};
            if (best_x == rows.width || largest.value > best) best = largest.value, best_y = y, best_x = x;
        }
    }
    const std::size_t count = rows.width - best_x < row_chunk ? rows.width - best_x : row_chunk;
    const std::size_t found =
        best_x + first_equal(row_values(rows, best_y, best_x, count, buffer), count, best);
    const std::size_t y = rows.height == map.height ? best_y : found / map.width;
    const std::size_t x = rows.height == map.height ? found : found % map.width;
    return {y, x, element(map, y, x)};
}

}  // namespace
}  // namespace flm::FLM_ISA
