#include "flmcore/parallel.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace flm {

int default_threads() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallel_for(std::size_t items, int threads, std::size_t grain,
                  const std::function<void(std::size_t, std::size_t)>& body) {
  if (items == 0) return;
  const std::size_t wanted = static_cast<std::size_t>(threads > 0 ? threads : default_threads());
  const std::size_t useful = std::max<std::size_t>(1, items / std::max<std::size_t>(1, grain));
  const std::size_t runs = std::min({wanted, useful, items});
  std::vector<std::thread> workers;
  std::size_t begin = 0;
  for (std::size_t run = 1; run < runs; ++run) {
    const std::size_t end = items * run / runs;
    try {
      workers.reserve(runs - 1);
      workers.emplace_back([&body, begin, end] { body(begin, end); });
    } catch (const std::system_error&) {
      break;  // no more threads to be had: the rest is done below
    }
    begin = end;
  }
  body(begin, items);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace flm
