"""Many drivers: every name of the layout and of the filters' legend is whole, covers no other, and each curve is told from the others."""

from __future__ import annotations

from itertools import combinations, pairwise

import designer
from designer.problem.library import library
from designer.report.canvas import paint
from designer.report.channel_curves import response_figure
from designer.report.figure_data import COLOURS, DASHES, design_look, driver_look
from designer.report.layout import MOST_NAMED, layout_figure
from designer.report.printed import draw


def test_names_of_many_drivers_neither_overlap_nor_leave_the_figure() -> None:
    """Bounding boxes of the texts, as matplotlib measures them, on the two-way bar of the library."""
    path = library()["two-way-bar"][0]
    head, left, *_ = path.read_text(encoding="utf-8").split("[[designs]]\n")
    small = "[realization]\ntaps = 64\n[grid]\nfrequencies = 17\n"
    problem = designer.loads(f"{head}{small}[[designs]]\n{left}", folder=path.parent)
    filters, layout = draw(response_figure(designer.design(problem), "left")), draw(layout_figure(problem))
    for fig in (filters, layout):
        fig.draw_without_rendering()
    (legend,) = filters.legends
    box = legend.get_window_extent()
    assert filters.bbox.x0 <= box.x0 and box.x1 <= filters.bbox.x1
    names = [text.get_window_extent() for text in layout.axes[1].texts]
    assert len(names) == len(problem.drivers)
    assert not any(one.overlaps(other) for one, other in combinations(names, 2))


def test_32_drivers_are_told_apart() -> None:
    """Colour, dash and marker together are each driver's alone, and those of neighbours differ in more than the colour."""
    looks = [driver_look(number) for number in range(32)]
    assert len({(look["color"], look["dash"], look.get("marker")) for look in looks}) == 32
    assert all(one["dash"] != other["dash"] for one, other in pairwise(looks))
    assert len({paint(number) for number in range(COLOURS)}) == COLOURS and len(set(DASHES)) == len(DASHES)
    designs = [design_look(number) for number in range(20)]
    assert len({(look["color"], look["marker"]) for look in designs}) == 20


def test_of_32_drivers_in_a_row_those_are_named_whose_names_have_room() -> None:
    """The first among them, and no name covers another."""
    drivers = "".join(
        f'[[drivers]]\nname = "d {n}"\nposition_m = [0.0, {0.04 * n - 0.62:.2f}, 0.0]\n' for n in range(32)
    )
    design = '[[designs]]\nname = "left"\nkind = "null-steering"\near = "left"\nband_hz = [500, 2000]\ncancellation_gain_db = [[500, 3]]\n'
    listener = "[listener]\nposition_m = [2.0, 0.0, 0.0]\n"
    problem = designer.loads(f'title = "row"\nsample_rate_hz = 48000\n{drivers}{listener}{design}')
    fig = draw(layout_figure(problem))
    fig.draw_without_rendering()
    texts = fig.axes[1].texts
    assert 2 < len(texts) <= MOST_NAMED and texts[0].get_text() == "d 0"
    assert not any(a.overlaps(b) for a, b in combinations([text.get_window_extent() for text in texts], 2))
