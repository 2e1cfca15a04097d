"""Numbers of the file worth trying: the keys that sliders set, with bounds and words from the schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from designer.problem.key_faults import node_at, unit
from designer.problem.messages import Location
from designer.problem.schema import Problem
from designer.studio.form import SYMBOLS
from designer.studio.grips import twins
from designer.studio.messages import Slider


@dataclass(frozen=True)
class Scale:
    """The part of a key's range that is worth a slider; the schema's own bounds hold where they are narrower.

    Attributes
    ----------
    words : str, what the key is, without its unit
    describes : str, its description, where the schema has none
    choices : tuple, values to choose from, in place of the range

    """

    words: str
    low: float
    high: float
    step: float
    scale: Literal["linear", "log"] = "linear"
    describes: str = ""
    choices: tuple[Any, ...] = ()


OF_DESIGNS: dict[str, Scale] = {
    "max_effort_db": Scale("Effort, at most", 0, 30, 0.5, describes="power of all drivers over the best single driver's at equal level"),
    "min_white_noise_gain_db": Scale("White-noise gain, at least", -30, 10, 0.5, describes="against noise and errors of the drivers"),
    "driver_spread.gain_db": Scale("Spread of gain", 0, 3, 0.1, describes="standard deviation of the drivers' gains to design over"),
    "driver_spread.phase_deg": Scale("Spread of phase", 0, 20, 0.5, describes="standard deviation of the drivers' phases to design over"),
    "fade_octaves": Scale("Fade", 0, 4, 0.25, describes="from the design to plain playback, outside the band"),
    "window_ripple_db": Scale("Ripple in the window", 0.5, 12, 0.5, describes="how far its level may leave the on-axis level"),
    "null_width_deg": Scale("Width of a null", 0, 60, 1, describes="arc that each null is"),
    "look_deg": Scale("Look direction", -90, 90, 1, describes="azimuth, counter-clockwise from the front"),
}  # fmt: skip
"""Keys of a design, in order; those of another kind are left out, and those that need another key that is not there."""
NEEDS = {"window_ripple_db": "window_deg", "null_width_deg": "nulls_deg"}
OF_DRIVERS = Scale("Gain of a driver, at most", -6, 30, 0.5, describes="largest gain of its filter at any frequency")
OF_FILE: dict[str, Scale] = {
    "realization.taps": Scale("Taps", 32, 4096, 1, "log", describes="length of each filter"),
    "realization.sections": Scale("Sections", 1, 32, 1, describes="second-order sections of each driver"),
    "realization.word": Scale("Word", 0, 0, 0, choices=(None, "q15", "1.23", "q31")),
    "virtualizer.angle_deg": Scale("Virtual angle", 5, 90, 1, describes="azimuth of the virtual loudspeakers"),
}


def sliders(problem: Problem) -> list[Slider]:
    """Sliders of a problem: of the file, of its drivers' limits, and of each channel; keys that the file lacks are among them."""
    return [*_of_file(problem), *_of_drivers(problem), *_of_designs(problem)]


def _of_file(problem: Problem) -> Iterator[Slider]:
    form = problem.realization.form
    for key, scale in OF_FILE.items():
        if (key == "realization.sections" and form != "biquad") or (key == "realization.taps" and form == "biquad"):
            continue
        table, name = key.split(".")
        if table == "virtualizer" and problem.virtualizer is None and not _has_stereo(problem):
            continue
        value = getattr(getattr(problem, table), name, None)
        yield _slider((table, name), [key], scale, value)


def _has_stereo(problem: Problem) -> bool:
    return {"left", "right"} <= {table.name for table in problem.designs}


def _of_drivers(problem: Problem) -> Iterator[Slider]:
    """A slider for all drivers of one limit: most devices have one."""
    limits = [driver.max_gain_db for driver in problem.drivers]
    for limit in sorted(set(limits), key=lambda limit: (limit is None, limit)):
        members = [l for l, other in enumerate(limits) if other == limit]
        slider = _slider(
            ("drivers", members[0], "max_gain_db"), [f"drivers[{l}].max_gain_db" for l in members], OF_DRIVERS, limit
        )
        if len(members) < len(limits):
            names = ", ".join(problem.drivers[l].name for l in members)
            slider["label"] = f"{OF_DRIVERS.words}: {names}"
        yield slider


def _of_designs(problem: Problem) -> Iterator[Slider]:
    for i, table in enumerate(problem.designs):
        keys = set(type(table).model_fields)
        for key, scale in OF_DESIGNS.items():
            head, _, below = key.partition(".")
            needed = NEEDS.get(head)
            if head not in keys or (needed is not None and getattr(table, needed) is None):
                continue
            value = getattr(table, head)
            if below and value is not None:
                value = getattr(value, below)
                value = getattr(problem.tolerance, below) if value is None else value
            files_keys = [f"designs[{j}].{key}" for j in twins(problem, i, head)]
            place: Location = ("designs", i, *key.split("."))
            yield _slider(place, files_keys, scale, value, channel=table.name)


def _slider(place: Location, keys: list[str], scale: Scale, value: Any, channel: str = "") -> Slider:
    """A slider within the schema's bounds, wide enough for the value that the file has."""
    node = node_at(place)
    choices = node.get("anyOf", [node])
    optional = any(choice.get("type") == "null" for choice in choices) or len(place) > 3
    numeric: dict[str, Any] = next((choice for choice in choices if choice.get("type") in ("number", "integer")), {})
    low = max(scale.low, numeric.get("minimum", numeric.get("exclusiveMinimum", scale.low)))
    high = min(scale.high, numeric.get("maximum", numeric.get("exclusiveMaximum", scale.high)))
    if isinstance(value, int | float) and not scale.choices:
        low, high = min(low, value), max(high, value)
    slider: Slider = {
        "key": keys[0], "keys": keys, "label": scale.words, "unit": SYMBOLS.get(unit(place), ""), "low": low, "high": high,
        "step": scale.step, "value": value, "scale": scale.scale, "default": node.get("default"),
        "description": node.get("description") or scale.describes, "optional": optional, "channel": channel,
    }  # fmt: skip
    if scale.choices:
        slider["choices"] = list(scale.choices) if value in scale.choices else [*scale.choices, value]
    return slider
