"""Meshes drawn and lit on the processor: which triangle a sample shows, and what colour it has.

The frame throughout is the camera's: millimetres, x to the right, y down, z away from the camera, which is at the
origin. Triangles go counter-clockwise as seen from outside on the screen, so that ``(b - a) x (c - a)`` points out.
Whole scenes go into one call: their parts' vertices and triangles one after the other, and which part a triangle is of.
"""

from flmcore.ops.drawing.fragments import Fragments, draw
from flmcore.ops.drawing.labels import label_map
from flmcore.ops.drawing.layers import blend_layers
from flmcore.ops.drawing.mesh import blend_shapes, vertex_normals
from flmcore.ops.drawing.shading import shade
from flmcore.ops.drawing.shadow import Shadow, shadow_map

__all__ = [
    "Fragments",
    "Shadow",
    "blend_layers",
    "blend_shapes",
    "draw",
    "label_map",
    "shade",
    "shadow_map",
    "vertex_normals",
]
