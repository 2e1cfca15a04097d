"""Make bookshelf_pair.obj: two loudspeaker boxes, 1 m apart, each turned 10 degrees to a listener in front of them.

Each is 0.15 m deep, 0.13 m wide and 0.21 m high, its middle at y = -0.5 or 0.5 m; x is the front and z up. The groups "left" and
"right" are the listener's. `place_m` says where a driver on the middle line of a front is.
"""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

SIZE_M = (0.15, 0.13, 0.21)
APART_M, TURN_DEG = 1.0, 10.0
SIDES = {"left": -1, "right": 1}
FACES = ((1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4))
"""Back, front, the sides, bottom and top, counter-clockwise as seen from outside."""


def moved_m(side: int, x: float, y: float, z: float) -> tuple[float, float, float]:
    """A place of a box around the origin, in the pair.

    Parameters
    ----------
    side : int, -1 for the listener's left box, 1 for the right one
    x, y, z : float, metres

    """
    turn = -side * math.radians(TURN_DEG)  # counter-clockwise from above
    cosine, sine = math.cos(turn), math.sin(turn)
    return cosine * x - sine * y, side * APART_M / 2 + sine * x + cosine * y, z


def place_m(side: int, up_m: float) -> tuple[float, float, float]:
    """Middle line of a front at a height, metres."""
    return moved_m(side, SIZE_M[0] / 2, 0.0, up_m)


def text() -> str:
    """The file."""
    lines = ["# made by make_bookshelf_pair.py, in metres"]
    for number, (name, side) in enumerate(SIDES.items()):
        corners = (moved_m(side, *corner) for corner in product(*((-size / 2, size / 2) for size in SIZE_M)))
        lines += [f"g {name}", *("v {:.6f} {:.6f} {:.6f}".format(*corner) for corner in corners)]
        lines += ["f " + " ".join(str(8 * number + corner) for corner in face) for face in FACES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "bookshelf_pair.obj").write_text(text(), encoding="utf-8")
