// One function pointer per kernel. Each instruction set fills a table of its own; the process uses
// one.
#pragma once

#include "flmcore/kernels/affine.hpp"
#include "flmcore/kernels/crop.hpp"

namespace flm {

struct KernelTable {
  AffineKernels affine;
  NmeKernels nme;
  RemapKernels remap;
  StabilityKernels stability;
};

}  // namespace flm
