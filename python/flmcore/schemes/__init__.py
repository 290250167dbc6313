"""Landmark schemes and the mappings between them; facts in ``data/``, one TOML per scheme and per mapping.

Left and right are those of the image, for an upright unmirrored face; indices count from 0.
"""

from flmcore.schemes.mapping_file import read_mapping
from flmcore.schemes.paths import common, mapping
from flmcore.schemes.rows import Mapping, Measurement, Step
from flmcore.schemes.scheme import Scheme, get, names

__all__ = ["Mapping", "Measurement", "Scheme", "Step", "common", "get", "mapping", "names", "read_mapping"]
