"""Any network of the package timm, its classifier made to regress coordinates."""

from __future__ import annotations

from typing import Any

from flmcore.errors import DetectorError, MissingExtraError
from flmcore.nearest import nearest

__all__ = ["timm_regressor"]


def timm_regressor(landmarks: int, backbone: str, values: int = 2) -> Any:
    """A network of timm with as many outputs as :class:`~flmcore.detectors.nets.resnet.ResNet` has, in the same order.

    Its state dict has timm's names, so that a checkpoint of timm fills all but the classifier. Nothing is downloaded.

    Args:
        landmarks: how many.
        backbone: what timm calls it: ``mobilenetv3_large_100``.
        values: numbers for each landmark: 2, or 3 with a log-sigma.

    Raises:
        MissingExtraError: timm, or torchvision which it needs, is not installed.
        DetectorError: they are installed and do not import.
        ValueError: timm has no such network.
    """
    if values not in (2, 3):
        msg = f"values: expected 2 for x and y, or 3 with a log-sigma, got {values!r}"
        raise ValueError(msg)
    timm = _import_timm()
    if not timm.is_model(backbone):
        msg = f"backbone: expected a network of timm, got {backbone!r}{nearest(backbone, timm.list_models())}"
        raise ValueError(msg)
    network = timm.create_model(backbone, pretrained=False, num_classes=values * landmarks)
    classifiers = network.default_cfg["classifier"]
    names = (classifiers,) if isinstance(classifiers, str) else tuple(classifiers)
    network.head_names = tuple(f"{name}." for name in names)
    return network


def _import_timm() -> Any:
    try:
        import timm
    except ModuleNotFoundError as error:
        package = (error.name or "timm").partition(".")[0]
        raise MissingExtraError(package=package, extra="timm", what_for="network timm") from None
    except Exception as error:  # torchvision built for another torch raises RuntimeError, OSError …
        msg = (
            f"network timm: expected timm and torchvision to import, got {' '.join(str(error).split())[:200]}"
        )
        raise DetectorError(msg) from error
    return timm
