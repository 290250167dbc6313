"""What is likely to keep an operation off the Neural Engine, or to slow it there: one small entry a rule.

Apple publishes no list of what its Neural Engine runs, and it differs by chip and system. Each rule rests on a public
reference that can be read; a Mac's compute plan (``flmcore device collect``) is the measurement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flmcore.export.portability import checks
from flmcore.export.portability.subject import Subject

__all__ = ["BLOCKS", "BREAKS", "COSTS", "RULES", "RULES_VERSION", "SEVERITIES", "Rule"]

RULES_VERSION = "2026.1"  # change it with any change of a rule, a threshold of checks.py or of verdict.py

BLOCKS, COSTS, BREAKS, ADVICE = "blocks", "costs", "breaks", "advice"
SEVERITIES = {
    BLOCKS: "likely leaves the Neural Engine for the CPU or the GPU",
    BREAKS: "likely gives wrong numbers there",
    COSTS: "likely stays, but slowly",
    ADVICE: "worth knowing",
}

_APPLE = "https://machinelearning.apple.com/research/neural-engine-transformers"
_HOLLEMANS = "https://github.com/hollance/neural-engine/blob/master/docs/unsupported-layers.md"
_GUIDE = "https://ane-guide.readthedocs.io/en/latest/part-5-practice/17-model-design-rules.html"
_SURFACE = "https://ane-guide.readthedocs.io/en/latest/part-1-machine/04-capability-surface.html"
_TYPED = "https://apple.github.io/coremltools/docs-guides/source/typed-execution.html"
_FLEXIBLE = "https://apple.github.io/coremltools/docs-guides/source/flexible-inputs.html"
_ISSUES = "https://github.com/apple/coremltools/issues/"
_FORUM = "https://developer.apple.com/forums/thread/"
_PLAN = "https://huggingface.co/SingularityUS/atc-whisperkit/blob/main/small/TextDecoder.mlcomputeplan.json"
_BITS = "https://github.com/hollance/neural-engine/blob/master/docs/16-bit.md"


@dataclass(frozen=True)
class Rule:
    """One entry.

    Attributes:
        id: short name, stable over versions.
        severity: a key of :data:`SEVERITIES`.
        check: whether an operation (:class:`Subject`) or, with ``measured``, a measured range is hit.
        why: what is likely to happen, in a sentence.
        rewrite: what to do about it.
        sources: addresses of public references.
        least: hits below which the rule says nothing: a few are no harm.
        measured: it looks at ranges of a calibration run instead of operations.
    """

    id: str
    severity: str
    check: Callable[[Any], bool]
    why: str
    rewrite: str
    sources: tuple[str, ...]
    least: int = 1
    measured: bool = False

    def hits(self, subject: Subject) -> bool:
        """Whether it is hit by this operation."""
        return not self.measured and self.check(subject)


RULES: tuple[Rule, ...] = (
    Rule(
        "symbolic-shape",
        BLOCKS,
        checks.symbolic_shape,
        "A size that is known only when the model runs: the Neural Engine's program is compiled for fixed sizes.",
        "Export with one fixed input shape, one package for each size.",
        (_FLEXIBLE, f"{_FORUM}724930"),
    ),
    Rule(
        "layer-norm-flexible",
        BLOCKS,
        checks.flexible_layer_norm,
        "layer_norm in a model whose input takes several shapes: reported to move the whole model to the CPU.",
        "Export with one fixed input shape.",
        (f"{_ISSUES}1909",),
    ),
    Rule(
        "rank-above-5",
        BLOCKS,
        checks.high_rank,
        "A tensor of more than five dimensions, which Core ML does not take.",
        "Merge dimensions ahead of it, part them again behind it.",
        (f"{_ISSUES}1723",),
    ),
    Rule(
        "float32-compute",
        BLOCKS,
        checks.float32,
        "Computed in float32; the Neural Engine computes in float16.",
        "Export with --precision float16, and see what float16 does to the landmarks.",
        (_TYPED, _GUIDE),
    ),
    Rule(
        "integer-compute",
        BLOCKS,
        checks.integers,
        "Computed in whole numbers (indices, argmax): the Neural Engine's data path is float16.",
        "Give out maps or coordinates in float16 and take indices in the app.",
        (_GUIDE,),
    ),
    Rule(
        "resample",
        BLOCKS,
        checks.is_kind("resample", "affine", "crop_resize"),
        "Samples at computed places (grid_sample): reported to run on the CPU.",
        "Fixed places: slices or a convolution; computed ones: a product with a matrix of interpolation weights.",
        (f"{_ISSUES}1875", f"{_ISSUES}2299"),
    ),
    Rule(
        "index-fed",
        BLOCKS,
        checks.index_fed,
        "Moves data by indices or sorts (gather, scatter, top-k): compute plans list the CPU alone for gather.",
        "Constant indices: slice and concat; few choices: a product with a one-hot matrix; top-k: in the app.",
        (_PLAN, _HOLLEMANS, f"{_ISSUES}1103"),
    ),
    Rule(
        "recurrent",
        BLOCKS,
        checks.is_kind("lstm", "gru", "rnn"),
        "A recurrent layer, which Core ML's engineers say does not run there.",
        "Unroll it into linear layers, or replace it by convolutions.",
        (f"{_ISSUES}1780", _HOLLEMANS),
    ),
    Rule(
        "control-flow",
        BLOCKS,
        checks.control_flow,
        "A branch, a loop or a list decides what runs: that is done by the CPU.",
        "Trace the network with the choice made, or part the model at this place.",
        (_SURFACE,),
    ),
    Rule(
        "custom-op",
        BLOCKS,
        checks.custom,
        "A custom layer, for which an app can bring code for CPU and GPU only.",
        "Express it in Core ML's own operations, or part the model at this place.",
        (f"{_ISSUES}1278", _HOLLEMANS),
    ),
    Rule(
        "large-pooling",
        BLOCKS,
        checks.large_pooling,
        "Pooling over more than 13 places a side, or in steps of more than 2: reported to leave.",
        "Several smaller poolings in a row; reduce_mean or reduce_max over a whole map.",
        (_HOLLEMANS,),
    ),
    Rule(
        "large-kernel",
        BLOCKS,
        checks.large_kernel,
        "A convolution kernel of more than 13 places a side.",
        "Several smaller kernels in a row.",
        (_GUIDE,),
    ),
    Rule(
        "large-upsampling",
        BLOCKS,
        checks.large_upsampling,
        "Upsampling by more than 2 at once: reported to leave.",
        "Upsample by 2 several times, or a transposed convolution with fixed weights.",
        (_HOLLEMANS,),
    ),
    Rule(
        "dilated-conv",
        COSTS,
        checks.dilated,
        "A dilated convolution: reports differ on whether it stays.",
        "Undilated kernels on a coarser map; measure before rewriting.",
        (_HOLLEMANS, _SURFACE),
    ),
    Rule(
        "sequence-matmul",
        COSTS,
        checks.sequence_product,
        "linear or matmul on (batch, sequence, channels): the engine wants (batch, channels, 1, sequence).",
        "Keep (N, C, 1, S) throughout: nn.Conv2d 1×1 for nn.Linear, einsum 'bchq,bkhc->bkhq' for attention.",
        (_APPLE,),
    ),
    Rule(
        "layout-changes",
        COSTS,
        checks.moves_data,
        "Many transposes, and reshapes that change the last axis: each copies its tensor.",
        "Choose one layout, (N, C, 1, S) for sequences, and hold it from end to end.",
        (_APPLE, "https://github.com/huggingface/diffusers/issues/669"),
        least=8,
    ),
    Rule(
        "last-axis-padding",
        COSTS,
        checks.padded_last_axis,
        "The last axis is stored in steps of 64 bytes: a short one fills a large tensor with padding.",
        "Put the long dimension last: (N, C, 1, S), never (N, S, C, 1).",
        (_APPLE, _GUIDE),
    ),
    Rule(
        "float16-overflow",
        BREAKS,
        checks.overflows,
        "Values above 65504, which float16 cannot hold, on real crops.",
        "Scale the layer down and the next one up, or keep it in float32 (it then leaves).",
        (_BITS, _TYPED),
        measured=True,
    ),
    Rule(
        "float16-near-overflow",
        ADVICE,
        checks.nearly_overflows,
        "Values above half of what float16 can hold, on real crops.",
        "Try harder images; scale the layer down and the next one up.",
        (_BITS, _TYPED),
        measured=True,
    ),
    Rule(
        "float16-underflow",
        ADVICE,
        checks.underflows,
        "More than half of the values that are not 0 lie below 6.1e-5, where float16 loses digits, on real crops.",
        "Scale the layer up and the next one down.",
        (_BITS, _TYPED),
        measured=True,
    ),
)
