#pragma once

#include "flmcore/kernels/heatmap_argmax.inl"
#include "flmcore/kernels/heatmap_dark.inl"
#include "flmcore/kernels/heatmap_mean.inl"
#include "flmcore/kernels/heatmap_quarter.inl"
#include "flmcore/kernels/heatmap_taylor.inl"

namespace flm::FLM_ISA {
namespace {

constexpr HeatmapKernels heatmap_kernels = {
    heatmap_argmax,   heatmap_quarter,    heatmap_taylor,     heatmap_dark,
    heatmap_dark_udp, heatmap_softargmax, heatmap_local_mean, read_once};

}  // namespace
}  // namespace flm::FLM_ISA
