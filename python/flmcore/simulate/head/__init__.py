"""flmcore's own head: a mesh made from landmarks and places set by eye, its shapes and its expressions."""

from __future__ import annotations

from flmcore.simulate.head.expression import Expression, sample_expression
from flmcore.simulate.head.identity import sample_shape
from flmcore.simulate.head.model import HeadModel, PosedHead, own_head

__all__ = ["Expression", "HeadModel", "PosedHead", "own_head", "sample_expression", "sample_shape"]
