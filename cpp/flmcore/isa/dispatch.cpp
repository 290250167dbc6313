#include "flmcore/isa/dispatch.hpp"

#include <atomic>

#if defined(FLM_HAVE_X86_V3)
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace flm {

namespace baseline {
extern const KernelTable table;
}
#if defined(FLM_HAVE_X86_V3)
namespace x86_v3 {
extern const KernelTable table;
}
#endif

namespace {

#if defined(FLM_HAVE_X86_V3)
void cpuid(unsigned leaf, unsigned (&out)[4]) {
#if defined(_MSC_VER)
  int regs[4];
  __cpuidex(regs, static_cast<int>(leaf), 0);
  for (int i = 0; i < 4; ++i) out[i] = static_cast<unsigned>(regs[i]);
#else
  __cpuid_count(leaf, 0, out[0], out[1], out[2], out[3]);
#endif
}

unsigned long long enabled_state() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}

// AVX2, FMA, BMI2 and F16C in the processor, and the operating system saves the wide registers.
bool cpu_has_x86_v3() {
  unsigned r[4];
  cpuid(0, r);
  if (r[0] < 7) return false;
  cpuid(1, r);
  constexpr unsigned fma = 1u << 12, osxsave = 1u << 27, f16c = 1u << 29;
  if ((r[2] & (fma | osxsave | f16c)) != (fma | osxsave | f16c)) return false;
  if ((enabled_state() & 6) != 6) return false;
  cpuid(7, r);
  constexpr unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
  return (r[1] & (bmi1 | avx2 | bmi2)) == (bmi1 | avx2 | bmi2);
}
#endif

struct Choice {
  const char* name;
  const KernelTable* table;
};

std::vector<Choice> choices() {
  std::vector<Choice> list = {{"baseline", &baseline::table}};
#if defined(FLM_HAVE_X86_V3)
  if (cpu_has_x86_v3()) list.push_back({"x86-64-v3", &x86_v3::table});
#endif
  return list;
}

std::atomic<const KernelTable*> chosen{nullptr};

}  // namespace

const KernelTable& kernels() {
  const KernelTable* table = chosen.load(std::memory_order_acquire);
  if (table == nullptr) {
    table = choices().back().table;
    chosen.store(table, std::memory_order_release);
  }
  return *table;
}

std::string isa_name() {
  const KernelTable* table = &kernels();
  for (const Choice& choice : choices())
    if (choice.table == table) return choice.name;
  return "baseline";
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Choice& choice : choices()) names.emplace_back(choice.name);
  return names;
}

bool select_isa(const std::string& name) {
  const std::vector<Choice> list = choices();
  for (const Choice& choice : list) {
    if (choice.name == name || (name.empty() && &choice == &list.back())) {
      chosen.store(choice.table, std::memory_order_release);
      return true;
    }
  }
  return false;
}

}  // namespace flm
