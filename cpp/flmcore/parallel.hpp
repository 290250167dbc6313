// Splits independent items over threads. Threads live for one call only: a pool would not survive
// fork(), which data loaders use, and starting a thread costs some 20 microseconds.
#pragma once

#include <cstddef>
#include <functional>

namespace flm {

// Threads worth using when the caller names none: the processors this process may run on.
int default_threads();

// Calls body(begin, end) over [0, items) in contiguous runs, on at most `threads` threads (0:
// default_threads) and never with fewer than `grain` items each. Items must not depend on each
// other, so that the result has the same bytes at any thread count. Where no thread can be started,
// the caller does the work.
void parallel_for(std::size_t items, int threads, std::size_t grain,
                  const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace flm
