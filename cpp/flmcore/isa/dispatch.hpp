// Which instruction set this process uses. Chosen once, before the first kernel call.
#pragma once

#include <string>
#include <vector>

#include "flmcore/isa/kernel_table.hpp"

namespace flm {

// The table in use.
const KernelTable& kernels();

// Name of the instruction set in use: "baseline" (SSE2 on x86-64, NEON on arm64) or "x86-64-v3".
std::string isa_name();

// Names that select_isa accepts on this machine, the fastest last.
std::vector<std::string> available_isas();

// Chooses by name; "" chooses the fastest. False where the name is unknown or this machine lacks
// it.
bool select_isa(const std::string& name);

}  // namespace flm
