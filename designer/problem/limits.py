"""Upper bounds of keys that nothing else bounds: what is beyond them is a typing error, or more than numbers can hold."""

MAX_HZ = 1_000_000.0
MAX_GATE_MS = 10_000.0
MAX_SPREAD_DB = 20.0
MAX_SPREAD_DEG = 180.0
MAX_WEIGHT = 1e6
"""Of pre-ringing or a tail, beside what is heard: 60 dB of power."""
MAX_DESIGNS = 64
MAX_HEADS = 64
MAX_POINTS = 1_000
"""Of a curve, mask lines, nulls, or regions."""
MAX_EXACT = 16
"""Frequencies whose responses are exact."""
MAX_OCTAVES = 8
"""Of absorption."""
MAX_SEED = 2**63 - 1
