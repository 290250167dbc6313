// Every kernel body, compiled once per instruction set (FLM_ISA names the namespace).
// Bodies may include only <cmath>, <cstddef>, <cstdint>, <cstring> and intrinsics: an inline std::
// function compiled here with AVX could be the copy the linker keeps for the whole program.
#include "flmcore/isa/kernel_table.hpp"

// clang-format off
#include "flmcore/kernels/affine.inl"
#include "flmcore/kernels/crop.inl"
#include "flmcore/kernels/exp_log.inl"
#include "flmcore/kernels/flow.inl"
#include "flmcore/kernels/heatmap.inl"
#include "flmcore/kernels/layers.inl"
#include "flmcore/kernels/mesh.inl"
#include "flmcore/kernels/simcc.inl"
#include "flmcore/kernels/nme.inl"
#include "flmcore/kernels/raster.inl"
#include "flmcore/kernels/remap.inl"
#include "flmcore/kernels/resample.inl"
#include "flmcore/kernels/shade.inl"
#include "flmcore/kernels/stability.inl"
// clang-format on

namespace flm::FLM_ISA {

extern const KernelTable table;
const KernelTable table = {
    affine_kernels, crop_kernels, elementary_kernels, flow_kernels,     heatmap_kernels,
    simcc_kernels,  nme_kernels,  remap_kernels,      resample_kernels, stability_kernels,
    layer_kernels,  mesh_kernels, raster_kernels,     shade_kernels,
};

}  // namespace flm::FLM_ISA
