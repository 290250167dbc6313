// One function pointer per kernel. Each instruction set fills a table of its own; the process uses
// one.
#pragma once

#include "flmcore/kernels/affine.hpp"
#include "flmcore/kernels/crop.hpp"
#include "flmcore/kernels/exp_log.hpp"
#include "flmcore/kernels/flow.hpp"
#include "flmcore/kernels/heatmap.hpp"
#include "flmcore/kernels/layers.hpp"
#include "flmcore/kernels/mesh.hpp"
#include "flmcore/kernels/nme.hpp"
#include "flmcore/kernels/raster.hpp"
#include "flmcore/kernels/remap.hpp"
#include "flmcore/kernels/resample.hpp"
#include "flmcore/kernels/shade.hpp"
#include "flmcore/kernels/simcc.hpp"
#include "flmcore/kernels/stability.hpp"

namespace flm {

struct KernelTable {
  AffineKernels affine;
  CropKernels crop;
  ElementaryKernels elementary;
  FlowKernels flow;
  HeatmapKernels heatmap;
  SimccKernels simcc;
  NmeKernels nme;
  RemapKernels remap;
  ResampleKernels resample;
  StabilityKernels stability;
  LayerKernels layers;
  MeshKernels mesh;
  RasterKernels raster;
  ShadeKernels shade;
};

}  // namespace flm
