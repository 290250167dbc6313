// The C++ tests' few needs: CHECK that counts failures, and a main that picks the instruction set
// named on the command line. They exist to run the kernels under sanitizers without Python; meaning
// is tested in tests/.
#pragma once

#include <cstdio>

#include "flmcore/isa/dispatch.hpp"

inline int check_failures = 0;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      std::printf("%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #condition); \
      ++check_failures;                                                         \
    }                                                                           \
  } while (false)

void run_checks();

int main(int argc, char** argv) {
  const std::string isa =
      argc > 1 ? (std::string(argv[1]) == "x86_v3" ? "x86-64-v3" : argv[1]) : "";
  if (!flm::select_isa(isa)) {
    std::printf("skipped: this machine has no %s\n", isa.c_str());
    return 77;
  }
  run_checks();
  std::printf("%s: %d failed\n", flm::isa_name().c_str(), check_failures);
  return check_failures == 0 ? 0 : 1;
}
