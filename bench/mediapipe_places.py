"""Where MediaPipe's 468 landmarks lie on flmcore's own head, measured on photographs.

    FLMCORE_SHARED=../shared python bench/mediapipe_places.py          # how far they are from the surface and apart
    FLMCORE_SHARED=../shared python bench/mediapipe_places.py --write  # and the table in the package

The network's raw output has a depth. Its points on nearly frontal faces are brought onto the average head by the landmarks
that the mapping to 300w-68 calls exact, averaged, made symmetric, bent so that those fit, and put on the nearest place of the
skin; those of the lids and lips onto the lines of the mesh.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np

import flmcore
from flmcore.data.images import read_image
from flmcore.evaluation.store import write_bytes
from flmcore.schemes import get, mapping
from flmcore.simulate.anatomy import MEAN_LANDMARKS
from flmcore.simulate.head.layout import EYE_STEPS
from flmcore.simulate.head.mediapipe import TABLE
from flmcore.simulate.head.skin import own_skin, skin_triangles
from flmcore.simulate.head.thin_plate import thin_plate

SHARED = Path(os.environ.get("FLMCORE_SHARED", "../shared"))
SIZE, LARGER = 192, 1.6  # the network's input, and how much larger than the box of the landmarks it is
FRONTAL = 0.04  # mean distance of a face from its mirror image, of the outer eye corners' distance
LOOSE = 1e-3

# Lines of the lids and lips, from the person's right; upper, then lower. The ends are shared.
EYE = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (133, 155, 154, 153, 145, 144, 163, 7))
LIPS = (
    ((61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291), (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)),
    ((76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306), (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306)),
    ((62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292), (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292)),
    ((78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308), (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)),
)
LIP_ROWS = (4.0, 8 / 3, 4 / 3, 0.0)  # the rows of the mesh they run on

Floats = np.ndarray


def raw_outputs() -> Floats:
    """(N, 468, 3) of the network on nearly frontal faces: crop pixels, depth alike."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(str(SHARED / "weights" / "mediapipe_face_landmark.tflite"), num_threads=1)
    network.allocate_tensors()
    flip = list(get("mediapipe-468").flip)
    found = []
    with np.load(SHARED / "golden" / "mediapipe_face_landmark.npz") as file:
        golden = {key: file[key] for key in file.files if "@" not in key}
    for key, points in golden.items():
        apart = np.linalg.norm(points[33] - points[263])
        if apart < 30 or mirrored_apart(points, flip) > FRONTAL:
            continue
        box = np.concatenate([points.min(axis=0), points.max(axis=0)]) + 0.5
        affine = flmcore.box_affine(box, SIZE, scale=LARGER)
        image = read_image(SHARED / "faces" / key.rsplit("#", 1)[0])
        crop = flmcore.crop(image, affine, SIZE, dtype="uint8", threads=1)
        network.set_tensor(network.get_input_details()[0]["index"], crop.astype(np.float32) / 255)
        network.invoke()
        output = next(o for o in network.get_output_details() if np.prod(o["shape"]) == 1404)
        found.append(network.get_tensor(output["index"]).reshape(468, 3).astype(np.float64))
    return np.array(found)


def mirrored_apart(points: Floats, flip: list[int]) -> float:
    """Mean distance of a face (K, 2) from its mirror image, of the outer eye corners' distance."""
    other = points[flip] * [-1, 1]
    a, b = ((p - p.mean(axis=0)) @ [1, 1j] for p in (other, points))
    turned = a * (np.vdot(a, b) / np.vdot(a, a))
    return float(np.abs(turned - b).mean() / np.linalg.norm(points[33] - points[263]))


def fitted(points: Floats, onto: Floats, rows: list[int], targets: list[int]) -> Floats:
    """Points (468, 3) turned, scaled and moved so that ``rows`` fit ``onto[targets]`` (Umeyama 1991)."""
    a, b = points[rows], onto[targets]
    ma, mb = a.mean(axis=0), b.mean(axis=0)
    u, s, vt = np.linalg.svd((b - mb).T @ (a - ma))
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = u * sign @ vt
    return (points - ma) @ turn.T * ((s * sign).sum() / ((a - ma) ** 2).sum()) + mb


def mean_points() -> tuple[Floats, int]:
    """(468, 3) mm in the frame of the average head, symmetric, and from how many faces."""
    way, flip = mapping("mediapipe-468", "300w-68"), list(get("mediapipe-468").flip)
    # Between the lips nobody's mouth is closed alike.
    known = [
        i for i, grade in enumerate(way.grades) if grade == "exact" and i not in (61, 62, 63, 65, 66, 67)
    ]
    rows = [way.steps[0].rows[i][0][0] for i in known]
    faces = [fitted(face, MEAN_LANDMARKS, rows, known) for face in raw_outputs()]
    mean = np.median(faces, axis=0)
    mean = (mean + mean[flip] * [-1, 1, 1]) / 2
    pull = thin_plate(
        mean[rows, :2], MEAN_LANDMARKS[known] - mean[rows], np.full(len(rows), LOOSE), mean[:, :2]
    )
    return mean + pull, len(faces)


def nearest_places(points: Floats) -> tuple[Floats, Floats]:
    """Places (N, 2) in the plane of the skin, and distances (N,) mm from it."""
    skin = own_skin()
    triangles = skin_triangles(skin)
    corners = skin.vertices[triangles]
    places, away = np.empty((len(points), 2)), np.empty(len(points))
    shares = np.array([(i, j, 12 - i - j) for i in range(13) for j in range(13 - i)]) / 12
    for index, point in enumerate(points):
        near = np.argsort(((corners.mean(axis=1) - point) ** 2).sum(axis=1))[:24]
        on = np.einsum("sk,fkc->fsc", shares, corners[near])
        distance = np.linalg.norm(on - point, axis=2)
        f, s = np.unravel_index(distance.argmin(), distance.shape)
        places[index] = shares[s] @ skin.places[triangles[near[f]]]
        away[index] = distance[f, s]
    return places, away


def put_on_lines(places: Floats, points: Floats) -> None:
    """The landmarks of the lids and lips onto their lines, in place."""
    skin, flip = own_skin(), list(get("mediapipe-468").flip)
    ring = skin.places[skin.eyes["right"][0]]
    corner = skin.vertices[skin.eyes["right"][0]]
    half = EYE_STEPS // 2
    for line, way in ((EYE[0], range(half + 1)), (EYE[1], range(half, EYE_STEPS))):
        at = np.array([i % EYE_STEPS for i in way])
        order = np.argsort(corner[at, 0])
        for index in line:
            places[index] = [
                np.interp(points[index, 0], corner[at, 0][order], ring[at, k][order]) for k in (0, 1)
            ]
    for index in (*EYE[0], *EYE[1]):
        places[flip[index]] = places[index] * [-1, 1]
    for row, lines in zip(LIP_ROWS, LIPS, strict=True):
        for grid, line in zip((skin.upper_lip, skin.lower_lip), lines, strict=True):
            low, share = int(row), row - int(row)
            above = grid[:, min(low + 1, grid.shape[1] - 1)]
            column = skin.places[grid[:, low]] * (1 - share) + skin.places[above] * share
            x = skin.vertices[grid[:, low], 0] * (1 - share) + skin.vertices[above, 0] * share
            ends = points[[line[0], line[-1]], 0]
            for index in line:
                at = points[index, 0] * x[-1] / ends[1]
                places[index] = [np.interp(at, x, column[:, k]) for k in (0, 1)]


def main() -> None:
    """Measure, show, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table into the package")
    options = parser.parse_args()
    points, faces = mean_points()
    places, away = nearest_places(points)
    put_on_lines(places, points)
    flip = list(get("mediapipe-468").flip)
    places = (places + places[flip] * [-1, 1]) / 2
    middle, worst = np.quantile(away, [0.5, 0.95])
    print(f"{faces} faces; from the surface: median {middle:.1f} mm, 95th percentile {worst:.1f} mm")
    if options.write:
        rows = [[round(float(p), 2) + 0.0, round(float(q), 2)] for p, q in places]
        write_bytes(TABLE, (json.dumps(rows).replace("], [", "],\n [") + "\n").encode())


if __name__ == "__main__":
    main()
