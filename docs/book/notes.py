"""Notes of the reference on single keys, beyond the schema: formulas, and examples where no problem of the library has one.

A test holds that every name here is a key's, and every example a value that the key may hold.
"""

from typing import Any

FORMULAS = {
    "cancellation_gain_db": (
        r"$10 \log_{10} \dfrac{w^H A w}{w^H B w} \ge$ the curve, with $A$, $B$ the means of $h^H h$ over the bright and the dark points"
    ),
    "dark_gain_db": (
        r"$10 \log_{10} \dfrac{w^H A w}{w^H B_n w} \ge$ the curve, with $B_n$ the mean over the points of the dark listener or place $n$"
    ),
    "max_effort_db": r"$10 \log_{10} \dfrac{\|w\|^2 \max_l A_{ll}}{w^H A w} \le$ the value",
    "min_white_noise_gain_db": (
        r"$10 \log_{10} \dfrac{|h_0 w|^2}{\|w\|^2} \ge$ the value, with $h_0$ relative to a unit point source at the look point"
    ),
    "max_gain_db": r"$20 \log_{10} |w_l| \le$ the value, at every frequency",
    "max_db": (
        r"$20 \log_{10} \dfrac{|h(\varphi) w|}{|h(\varphi_0) w|} \le$ the value for $\varphi$ in the arc;"
        r" $\varphi_0$ is the look direction"
    ),
    "window_ripple_db": (
        r"$\left| 20 \log_{10} \dfrac{|h(\varphi) w|}{|h(\varphi_0) w|} \right| \le$ the value for $\varphi$ in the window"
    ),
    "max_ratio_db": r"$20 \log_{10} \dfrac{|w_l|}{|w_r|} \le$ the value, with $r$ the reference driver",
    "max_latency_ms": r"$1000\, n_0 / f_s \le$ the value, with the bulk delay of $n_0$ samples",
    "max_pole_radius": (
        r"$|z_p| \le$ the value for every pole; a pole rings down by 60 dB in $-3 \ln 10 \,/\, (f_s \ln |z_p|)$ seconds"
    ),
    "rt60_s": (
        r"$T = \dfrac{24 \ln 10 \; V}{-c\, S \ln(1 - \alpha)}$ (Eyring), with volume $V$, surface $S$ and absorption $\alpha$"
    ),
}
"""Key -> its formula, as Markdown."""

CAP = {"around_deg": [0.0, 0.0], "radius_deg": 20.0}
EXAMPLES: dict[str, dict[str, Any]] = {
    "Problem": {
        "places": [{"name": "desk", "shape": "box", "centre_m": [1.5, 0.8, 0.0], "size_m": [0.4, 0.6, 0.1]}],
        "tolerance": {"gain_db": 1.0},
        "population": {"percentile": 10.0},
        "placement": {"on": "bar", "drivers": 5, "width_m": 0.8},
    },
    "FreeField": {"model": "free-field"},
    "Box": {"centre_m": [-0.06, 0.0, 0.0], "edge_radius_m": 0.01},
    "Mesh": {"unit": "mm", "front": "y", "up": "z", "centre_m": [0.0, 0.0, 0.12]},
    "Driver": {
        "group": "woofer",
        "response": "woofer_*.frd",
        "gate_ms": 4.0,
        "response_distance_m": 1.0,
        "response_clockwise": True,
        "response_turned_about": "device",
        "response_time": "shared",
        "response_angles": "woofer_{azimuth}.txt",
        "response_channel": 2,
    },
    "Listener": {"turn_deg": 10.0, "head_weights": [2.0, 1.0, 1.0]},
    "Population": {"percentile": 10.0},
    "KeepOut": {"centre_m": [0.0, 0.0, 0.0], "radius_m": 0.05},
    "Placement": {
        "on": "bar",
        "drivers": 5,
        "width_m": 0.8,
        "height_m": 0.1,
        "depth_m": 0.1,
        "centre_m": [0.0, 0.0, 0.02],
        "azimuth_deg": [-120.0, 120.0],
        "elevation_deg": [-20.0, 20.0],
        "step_m": 0.01,
        "spacing_m": 0.06,
        "keep_outs": [{"centre_m": [0.0, 0.0, 0.0], "radius_m": 0.05}],
        "mirror": False,
        "like": "left",
        "fixed": ["subwoofer"],
        "free": True,
        "objective": "cancellation_gain_db",
        "percentile": 5.0,
        "max_efforts_db": [6.0, 12.0],
        "widths_m": [0.4, 0.6, 0.8],
        "front": ["drivers", "max_effort_db"],
    },
    "Place": {
        "name": "desk",
        "shape": "box",
        "centre_m": [1.5, 0.8, 0.0],
        "size_m": [0.4, 0.6, 0.1],
        "radius_m": 0.2,
        "spacing_m": 0.05,
    },
    "SceneTable": {"transfer": "prototype.sofa"},
    "Grid": {"spacing": "logarithmic", "refine": True},
    "EarDesign": {
        "plain": ["left"],
        "crossover_hz": [2000.0],
        "crossover_order": 8,
        "hold": "every",
        "method": "constrained",
        "max_spectrum_db": 7.0,
        "regularization_db": -20.0,
        "matrix_gains": [1.0, -0.6],
        "dark_weight": {"passenger": 2.0},
    },
    "BeamDesign": {
        "window_phase_passes": 2,
        "bright_regions": [CAP],
        "region_order": 8,
    },
    "ZoneDesign": {"diffuse_gain_db": [[250, 3], [1200, 6]], "bright": ["driver"], "dark": ["passenger", "desk"]},
    "Region": CAP,
    "Spread": {"gain_db": 1.0, "phase_deg": 5.0},
    "Realization": {
        "max_latency_ms": 4.0,
        "max_mac_per_s": 5e7,
        "max_bytes": 65536,
        "max_loss_db": 1.0,
        "max_level_change_db": 2.0,
        "pre_ringing_weight": 10.0,
        "tail_weight": 10.0,
        "zero_at_dc": True,
        "exact_at_hz": [1000.0, 2000.0],
        "hold_requirements": True,
        "refine": True,
        "floor_weight": 0.6,
        "max_ratio_db": 12.0,
        "max_pole_radius": 0.995,
        "word_scale": "driver",
    },
    "Virtualizer": {"chain": "combined", "priority": "tone", "max_effort_db": 6.0},
    "Room": {"rt60_s": 0.5, "listener_m": [3.0, 2.0, 1.2], "listener_heading_deg": 180.0},
    "Tolerance": {
        "gain_db": 1.0,
        "phase_deg": 5.0,
        "position_m": 0.002,
        "temperature_c": 10.0,
        "head_radius_m": 0.006,
        "draws": 2000,
        "seed": 7,
    },
    "Export": {"prefix": "speaker", "sigmadsp_part": "adau1701", "minidsp_model": "2x4-hd", "c_library": "esp-dsp"},
}
"""Table of the schema -> key -> a value; for a design in the table of the first kind that has the key."""
TABLES = {
    "enclosure": "Body that carries the drivers; without it they are in free field",
    "drivers": "Loudspeaker drivers, each a table",
    "scene": "A whole device measured, and the air",
    "grid": "Frequencies and directions that are solved and judged",
    "designs": "Channels, each a table",
    "realization": "Form of the filters",
    "virtualizer": "The stereo chain",
    "room": "A room around the device",
    "tolerance": "Spread of a product line",
    "export": "Firmware targets that a design folder is written for",
    "model": "Kind of the body",
}
"""Keys whose value is a table, or its kind -> what they are."""
