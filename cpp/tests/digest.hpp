// One number for what a kernel gives, and the complaint where it is another.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "check.hpp"

// FNV-1a over the values' bytes.
struct Digest {
  std::uint64_t hash = 1469598103934665603ull;
  template <class T>
  void add(const std::vector<T>& made) {
    for (T value : made) {
      if (value != value) value = static_cast<T>(12345);
      unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &value, sizeof(T));
      for (const unsigned char byte : bytes) hash = (hash ^ byte) * 1099511628211ull;
    }
  }
};

inline void expect(const char* kernel, const Digest& digest, std::uint64_t wanted) {
  if (digest.hash == wanted) return;
  std::printf("%s: digest 0x%016llx, expected 0x%016llx\n", kernel,
              static_cast<unsigned long long>(digest.hash),
              static_cast<unsigned long long>(wanted));
  ++check_failures;
}
