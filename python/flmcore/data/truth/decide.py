"""Which scheme a number of landmarks is of."""

from __future__ import annotations

from flmcore import schemes
from flmcore.data.truth.lines import check_count
from flmcore.schemes import Scheme

__all__ = ["decide"]


def decide(count: int, where: str, scheme: Scheme | None, *usual: str) -> Scheme:
    """The scheme of a face with ``count`` landmarks: the one asked for, the format's usual one, or the only one.

    Raises:
        ValueError: another count than the scheme's, one that no scheme has, or one that several have (names them).
    """
    if scheme is not None:
        check_count(count, scheme, where)
        return scheme
    fitting = [name for name in schemes.names() if schemes.get(name).landmarks == count]
    chosen = next((name for name in usual if name in fitting), fitting[0] if len(fitting) == 1 else None)
    if chosen is not None:
        return schemes.get(chosen)
    if not fitting:
        counts = ", ".join(map(str, sorted({schemes.get(name).landmarks for name in schemes.names()})))
        msg = f"{where}: expected as many landmarks as a scheme has ({counts}), got {count}"
    else:
        msg = f"{where}: expected the scheme to be named, {' or '.join(fitting)}, got {count} landmarks, which either has"
    raise ValueError(msg)
