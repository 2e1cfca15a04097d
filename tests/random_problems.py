"""Random problems over the whole schema, the same for the same seed: any mixture of keys that a user may write, extremes included."""

from __future__ import annotations

import math
import random
from typing import Any

from designer.export.targets.minidsp import MODELS
from designer.export.targets.sigmadsp import PARTS
from designer.formulations import FORMULATIONS
from designer.problem.schema import target_names

WITHOUT_PERCENTILE = [name for name, method in FORMULATIONS.items() if not method.mean_powers]
NAMES = ("left", "right", "a/b", "100%", "<b>", "é", "d e", "_", "x.y", "0")
SPEED_M_S = 343.0
FORMS = ("fir", "fir", "fir", "rtf", "biquad")
EAR_METHODS = ("auto", "power-ratio", "least-squares", "max-sensitivity", "acoustic-contrast", "choueiri", "matrix")
BEAM_METHODS = (
    "auto",
    "power-ratio",
    "least-squares",
    "constrained",
    "minimax",
    "superdirective",
    "delay-and-sum",
    "matrix",
)


class Draw(random.Random):
    """Draws of the kinds that a problem file holds; `front` keeps beams before a baffle."""

    front = False

    def chance(self, share: float) -> bool:
        return self.random() < share

    def ratio(self, low: float, high: float) -> float:
        """In equal ratios, with six digits."""
        return float(f"{low * (high / low) ** self.random():.6g}")

    def number(self, low: float, high: float) -> float:
        return float(f"{self.uniform(low, high):.6g}")


def problem(seed: int) -> dict[str, Any]:
    """The tables of a problem; some are refused when they are loaded, and most are not."""
    draw = Draw(seed)
    rate_hz = draw.choice((8000, 16000, 44100, 48000, 48000, 96000, 192000, draw.ratio(1000, 1_000_000)))
    tables: dict[str, Any] = {"title": f"random {seed}", "sample_rate_hz": rate_hz}
    if draw.chance(0.2):
        tables["speed_of_sound_m_s"] = draw.number(100, 2000)
    model = draw.choice(("free-field", "free-field", "baffle", "sphere", "cylinder", None))
    longest_m = 3000 * tables.get("speed_of_sound_m_s", SPEED_M_S) / (math.pi * rate_hz)
    radius_m = min(draw.ratio(0.01, 0.3), longest_m)
    if model:
        tables["enclosure"] = {"model": model} | ({"radius_m": radius_m} if model in ("sphere", "cylinder") else {})
        if model == "free-field" and draw.chance(0.3):
            size_m = [draw.ratio(0.2, 0.4), draw.ratio(0.7, 1), draw.ratio(0.3, 0.5)]
            model, place = "box", [-size_m[0] / 2, 0.0, 0.0]
            tables["enclosure"] = {"model": "box", "size_m": size_m, "centre_m": place, "highest_hz": 150.0}
    count = draw.choice((1, 2, 2, 3, 3, 4, 6))
    tables["drivers"] = [_driver(draw, n, model, radius_m, rate_hz) for n in range(count)]
    distance_m = draw.ratio(0.5, 20)
    tables["listener"] = _listener(draw, distance_m, min(longest_m, 0.12))
    if draw.chance(0.2):
        tables["scene"] = {"air_absorption": True, "temperature_c": draw.number(-20, 50)}
    tables["grid"] = {
        "frequencies": draw.choice((3, 9, 17, 33, 48)),
        "azimuth_step_deg": draw.choice((7.5, 10.0, 15.0, 30.0, 90.0)),
    }
    if draw.chance(0.3):
        tables["grid"]["azimuth_distance_m"] = math.inf if draw.chance(0.4) else draw.ratio(0.7, 50)
    names = [driver["name"] for driver in tables["drivers"]]
    if model == "baffle":
        draw.front = True
    tables["designs"] = [_design(draw, f"{n}", names, rate_hz, tables["grid"]) for n in range(draw.choice((1, 1, 2)))]
    tables["realization"] = _realization(draw, 60 + round(rate_hz * 1.2 / tables.get("speed_of_sound_m_s", SPEED_M_S)))
    tables["tolerance"] = {
        "draws": draw.choice((1, 2, 20)),
        "seed": draw.randrange(9),
        "gain_db": draw.number(0, 6),
        "phase_deg": draw.number(0, 45),
        "position_m": draw.number(0, 0.05),
        "temperature_c": draw.number(0, 20),
        "head_radius_m": draw.number(0, 0.01),
    }
    _more(Draw(f"more of {seed}"), tables)
    return tables


def _more(draw: Draw, tables: dict[str, Any]) -> None:
    """Keys that came later, from draws of their own: what was drawn before stays."""
    if draw.chance(0.25):
        tables["grid"]["spacing"] = "logarithmic"
    if draw.chance(0.25):
        tables["grid"]["refine"] = True
    if draw.chance(0.3):
        tables["export"] = {"targets": draw.sample(target_names(), draw.choice((1, 2)))}
        if draw.chance(0.3):
            tables["export"] |= {"prefix": draw.choice(("a", "Filter_1", "x23456789012345678"))}
        if "sigmadsp" in tables["export"]["targets"]:
            tables["export"]["sigmadsp_part"] = draw.choice(tuple(PARTS))
        if "minidsp" in tables["export"]["targets"]:
            tables["export"]["minidsp_model"] = draw.choice(tuple(MODELS))
    if draw.chance(0.2) and tables.get("enclosure", {}).get("model") != "baffle":
        tables["room"] = {"size_m": [draw.number(1, 40) for _ in range(3)], "heading_deg": draw.number(-360, 360)}
        tables["room"]["device_m"] = [draw.number(0.3, 0.7) * size for size in tables["room"]["size_m"]]
        tables["room"] |= {"absorption": draw.ratio(0.02, 0.9)} if draw.chance(0.5) else {"rt60_s": draw.ratio(0.1, 3)}
    if tables["realization"]["form"] == "fir" and "hold_requirements" not in tables["realization"] and draw.chance(0.1):
        tables["realization"]["exact_at_hz"] = [draw.ratio(10, tables["sample_rate_hz"] / 2.1)]
    for table in tables["designs"]:
        _more_of_a_design(draw, table, tables)


def _more_of_a_design(draw: Draw, table: dict[str, Any], tables: dict[str, Any]) -> None:
    names = table.get("drivers") or [driver["name"] for driver in tables["drivers"]]
    method = table.get("method", "auto")
    if "driver_spread" in table and "hold" not in table and method not in WITHOUT_PERCENTILE and draw.chance(0.4):
        table["hold"] = draw.choice((1.0, 5.0, 25.0))
    if method == "matrix" and draw.chance(0.3):
        table["matrix_gains"] = [draw.number(-2, 2) for _ in names]
    if method == "least-squares" and draw.chance(0.3):
        table["regularization_db"] = draw.number(-80, 20)
    if method == "choueiri" and draw.chance(0.3):
        table["max_spectrum_db"] = draw.number(-10, 40)
    if tables["realization"]["form"] == "rtf" and draw.chance(0.2):
        table["reference"] = draw.choice(names)
    if draw.chance(0.1):
        table["plain"] = [draw.choice(names)]
    if table["kind"] != "beamformer" or method != "auto" or not draw.chance(0.4):
        return
    for key in ("mask", "window_deg", "window_ripple_db", "window_phase_passes", "nulls_deg", "null_width_deg"):
        table.pop(key, None)
    if draw.chance(0.5):
        table.pop("cancellation_gain_db", None)  # the regions alone
    table["dark_regions"] = [_region(draw) for _ in range(draw.choice((1, 1, 2)))]
    if draw.chance(0.4):
        table["bright_regions"] = [_region(draw)]
    if draw.chance(0.2):
        table["region_order"] = draw.randrange(0, 13)
    if draw.chance(0.3):
        table["method"] = "spherical-harmonic"


def _region(draw: Draw) -> dict[str, Any]:
    if draw.chance(0.5):
        side = draw.number(-90, 90) if draw.front else draw.number(-360, 360)
        return {"around_deg": [side, draw.number(-80, 80)], "radius_deg": draw.number(0, 90)}
    start, low = draw.number(-180, 100), draw.number(-90, 60)
    return {
        "azimuth_deg": [start, start + draw.number(1, 250)],
        "elevation_deg": [low, draw.number(low, 90)],
    }


def _driver(draw: Draw, n: int, model: str | None, radius_m: float, rate_hz: float) -> dict[str, Any]:
    azimuth, height = draw.uniform(-math.pi, math.pi), draw.uniform(-0.8, 0.8)
    place = [draw.number(-0.1, 0.1), draw.number(-0.3, 0.3), draw.number(-0.1, 0.1)]
    if model == "sphere":
        across = math.sqrt(1 - height**2)
        place = [radius_m * v for v in (across * math.cos(azimuth), across * math.sin(azimuth), height)]
    if model == "cylinder":
        place = [radius_m * math.cos(azimuth), radius_m * math.sin(azimuth), draw.number(-0.2, 0.2)]
    if model in ("baffle", "box"):
        place[0] = 0.0
    driver: dict[str, Any] = {"name": f"{draw.choice(NAMES)}{n}", "position_m": place}
    if draw.chance(0.4):
        driver["radius_m"] = draw.ratio(0.002, min(0.07, radius_m / 2) if model in ("sphere", "cylinder") else 0.05)
    if draw.chance(0.3) and model in (None, "free-field"):
        driver["facing_deg"] = [draw.number(-360, 360), draw.number(-90, 90)]
    if draw.chance(0.3):
        low = 0.0 if draw.chance(0.2) else draw.ratio(10, rate_hz / 4)
        driver["band_hz"] = [low, draw.ratio(max(low, 10) * 1.5, rate_hz)]
    if draw.chance(0.2):
        driver["max_gain_db"] = draw.number(-20, 30)
    return driver


def _listener(draw: Draw, distance_m: float, most_m: float) -> dict[str, Any]:
    azimuth = draw.uniform(-1.5, 1.5)
    table: dict[str, Any] = {
        "position_m": [distance_m * math.cos(azimuth), distance_m * math.sin(azimuth), draw.number(-0.2, 0.5)],
        "head": draw.choice(("sphere", "sphere", "points", f"sphere:{min(0.08, most_m):.4f}")),
        "head_radius_m": min(0.0875, most_m),
    }
    if draw.chance(0.3):
        table["turn_deg"] = draw.number(-180, 180)
    if draw.chance(0.4):
        table["ear_cloud_m"] = [[draw.number(-0.05, 0.05) for _ in range(3)] for _ in range(draw.randrange(1, 5))]
    return table


def _design(draw: Draw, name: str, drivers: list[str], rate_hz: float, grid: dict[str, Any]) -> dict[str, Any]:
    beam = len(drivers) == 1 or draw.chance(0.5)
    step_hz = rate_hz / 2 / (grid["frequencies"] - 1)
    low = 0.0 if draw.chance(0.15) else draw.ratio(step_hz / 4, rate_hz / 2.5)
    high = rate_hz / 2 if draw.chance(0.2) else min(draw.ratio(max(low, step_hz), rate_hz) + step_hz, rate_hz / 2)
    table: dict[str, Any] = {"name": name, "band_hz": [low, high]}
    curve_hz = sorted({draw.ratio(max(low, 1.0), max(high, 2.0)) for _ in range(draw.randrange(1, 5))})
    curve = [[f, draw.number(-5, 40)] for f in curve_hz]
    if beam:
        table |= {
            "kind": "beamformer",
            "look_deg": draw.number(-60, 60) if draw.front else draw.number(-360, 360),
            "method": draw.choice(BEAM_METHODS),
        }
        _beam(draw, table, curve, grid["azimuth_step_deg"])
    else:
        pair = len(drivers) == 2 or draw.chance(0.3)
        table |= {"kind": "ctc" if pair else "null-steering", "ear": draw.choice(("left", "right"))}
        table |= {
            "drivers": draw.sample(drivers, 2 if pair else max(3, len(drivers) - 1)),
            "cancellation_gain_db": curve,
        }
        table["method"] = draw.choice(EAR_METHODS)
    if table["method"] == "auto":
        del table["method"]
    if draw.chance(0.4):
        table["max_effort_db"] = draw.number(-10, 40)
    if draw.chance(0.2):
        table["min_white_noise_gain_db"] = draw.number(-40, 10)
    if draw.chance(0.3):
        table["driver_spread"] = {"gain_db": draw.number(0, 6), "phase_deg": draw.number(0, 45)}
        if draw.chance(0.2):
            table["hold"] = "every"
    if draw.chance(0.3):
        table["fade_octaves"] = draw.number(0, 10)
    return table


def _beam(draw: Draw, table: dict[str, Any], curve: list[list[float]], step_deg: float) -> None:
    asked = draw.sample(("curve", "window", "nulls", "mask"), draw.choice((1, 1, 2, 3)))
    if "curve" in asked:
        table["cancellation_gain_db"] = curve
        asked.append("nulls")
    if "nulls" in asked:
        table["nulls_deg"] = [draw.randrange(-12, 13) * step_deg % 360 for _ in range(draw.choice((1, 2)))]
        table["null_width_deg"] = draw.number(0, 90)
    if "window" in asked:
        half = max(step_deg, draw.number(10, 60))
        table["window_deg"] = [max(table["look_deg"] - half, -360.0), min(table["look_deg"] + half, 360.0)]
        table["window_ripple_db"] = draw.ratio(0.1, 20)
        table["window_phase_passes"] = draw.choice((0, 0, 1, 3))
    if "mask" in asked:
        start = draw.number(-180, 180)
        table["mask"] = [{"azimuth_deg": [start, start + 2 * step_deg], "max_db": draw.number(-40, 3)}]


def _realization(draw: Draw, least: int) -> dict[str, Any]:
    form = draw.choice(FORMS)
    table: dict[str, Any] = {"form": form}
    if form == "biquad":
        table |= {"sections": draw.choice((1, 2, 3)), "max_pole_radius": draw.choice((0.9, 0.99, 0.998))}
        if draw.chance(0.4):
            table["word"] = draw.choice(("5.23", "q31", "2.14"))
        return table
    table["taps"] = max(draw.choice((8, 31, 64, 128)), least if draw.chance(0.9) else 8)
    if draw.chance(0.3):
        table["word"] = draw.choice(("q15", "q31", "1.7", "5.23"))
        table["word_scale"] = draw.choice(("channel", "driver"))
    for key, most in (("pre_ringing_weight", 100.0), ("tail_weight", 100.0)):
        if draw.chance(0.3):
            table[key] = draw.number(0, most)
    if draw.chance(0.3):
        table["bulk_delay_samples"] = draw.choice(("least", table["taps"] // 3))
    if form == "fir" and draw.chance(0.2):
        table["zero_at_dc"] = True
    elif draw.chance(0.2):
        table["hold_requirements"] = True
    if form == "rtf" and draw.chance(0.4) and table["taps"] > 16:
        table["equaliser_taps"] = table["taps"] // 2
    return table
