// One function pointer per kernel. Each instruction set fills a table of its own; the process uses one.
#pragma once

#include "flmcore/kernels/affine.hpp"
#include "flmcore/kernels/exp_log.hpp"
#include "flmcore/kernels/heatmap.hpp"
#include "flmcore/kernels/simcc.hpp"

namespace flm {

struct KernelTable {
    AffineKernels affine;
    ElementaryKernels elementary;
    HeatmapKernels heatmap;
    SimccKernels simcc;
};

}  // namespace flm
