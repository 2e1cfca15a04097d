"""Fixed-point targets judged by running them: noise, a decaying tone and silence through the arithmetic of the firmware.

Coefficients that are right to the last digit are not enough. A section that cuts its sums to 16 bits, towards minus infinity,
puts out a constant that 1/A(1) raises, and may never come to rest (Jackson, Bell Syst. Tech. J. 49, 1970, on limit cycles;
Rabiner and Gold, Theory and Application of Digital Signal Processing, 1975, ch. 5). So each channel is played alone, at the
level that the stated headroom leaves to its inputs:

- noise: two periods of a flat spectrum with random phases, then silence;
- a tone at the frequency of the most resonant pole, which decays to e^-16 of its beginning, then silence.

What the model puts out is set beside the same filters without rounding. Of each channel, over all its feeds:

=========================  =====================================================  ==================================
signal to noise            power of the exact feeds over that of the errors less  at least MIN_SIGNAL_TO_NOISE_DB
                           their means, while the noise plays
DC                         the largest mean error of a feed, in the noise, in     at most MAX_DC_DB
                           the last of the tone or in the silence, against full
                           scale
limit cycle                the largest deviation from that mean in the silence    at most MAX_LIMIT_CYCLE_DB
level, time at the bright  largest change in the band, by the responses that the  at most MAX_LEVEL_CHANGE_DB,
points                     noise's second period shows                            MAX_TIME_CHANGE_US
=========================  =====================================================  ==================================

What fails one of them is refused, and the remedies that hold are named: each is run in the same way first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError
from designer.export.arithmetic import ArithmeticModel, ModelRoute, Whole
from designer.export.filter_set import FilterSet
from designer.export.provenance import README, readme
from designer.export.target import Export, Target

MIN_SIGNAL_TO_NOISE_DB = 40.0
"""Least ratio, for noise whose level is some 12 dB below its peaks, as a programme's is: what is 40 dB lower is masked by it."""
MAX_DC_DB = -60.0
"""A thousandth of full scale: what a loudspeaker's amplifier puts out at rest by itself."""
MAX_LIMIT_CYCLE_DB = -60.0
"""A tone in silence that nothing masks."""
MAX_LEVEL_CHANGE_DB = 0.5
"""Half of the least difference in level that is heard."""
MAX_TIME_CHANGE_US = 10.0
"""The least interaural time difference that is heard (Klumpp and Eady, J. Acoust. Soc. Am. 28, 1956)."""

MIN_PERIOD, MAX_PERIOD = 1024, 16_384
"""Period of the noise: whole responses up to the longest fit; of longer ones what comes later wraps around."""
SILENCE = 1024
"""Samples of silence that are looked at, once the filters have settled."""
DECAY = 16.0
MAX_ROUTES_AT_ONCE = 32
FLOOR_DB = -200.0
"""As which an error of nothing at all is reported."""
OF_ARITHMETIC = ("signal_to_noise_db", "dc_db", "limit_cycle_db")
"""Numbers of a channel in the manifest that are of its feeds; the others are of the points."""
FLOORS = {
    "min_signal_to_noise_db": MIN_SIGNAL_TO_NOISE_DB,
    "max_dc_db": MAX_DC_DB,
    "max_limit_cycle_db": MAX_LIMIT_CYCLE_DB,
    "max_level_change_db": MAX_LEVEL_CHANGE_DB,
    "max_time_change_us": MAX_TIME_CHANGE_US,
}


@dataclass(frozen=True)
class ChannelJudgement:
    """One channel; `ears` holds the changes at the bright points, and nothing where no scene is known or it is no design's."""

    signal_to_noise_db: float
    dc_db: float
    limit_cycle_db: float
    ears: dict[str, float] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[str, ...]:
        """Each floor that is not held, in words."""
        ratio, texts = self.signal_to_noise_db, []
        if ratio < MIN_SIGNAL_TO_NOISE_DB:
            texts.append(f"a signal-to-noise ratio of {ratio:z.1f} dB (at least {MIN_SIGNAL_TO_NOISE_DB:g})")
        levels = ((self.dc_db, MAX_DC_DB, "DC"), (self.limit_cycle_db, MAX_LIMIT_CYCLE_DB, "a limit cycle"))
        for value, most, quantity in levels:
            if value > most:
                texts.append(f"{quantity} of {value:z.1f} dB of full scale (at most {most:g})")
        for key, limit, quantity, unit in (
            ("level_change_db", MAX_LEVEL_CHANGE_DB, "a change in level", "dB"),
            ("time_change_us", MAX_TIME_CHANGE_US, "a change in time", "microseconds"),
        ):
            if self.ears.get(key, 0.0) > limit:
                texts.append(f"{quantity} at the bright points of {self.ears[key]:.2f} {unit} (at most {limit:g})")
        return tuple(texts)

    def entry(self) -> dict[str, float]:
        """As the manifest holds it."""
        return {**{key: round(getattr(self, key), 2) for key in OF_ARITHMETIC}, **self.ears}


def with_judgement(filters: FilterSet, target: Target, export: Export) -> Export:
    """An export with what running it gave, in its facts, its notes and its README.txt; of targets in floating point, as it is.

    Raises UsageError: none of the target's arithmetics holds the floors.
    """
    if target.arithmetics is None:
        return export
    models = target.arithmetics(filters)
    judged = {name: judge(filters, model) for name, model in models.items()}
    failed = {name: text for name, channels in judged.items() if (text := failures(channels))}
    if len(failed) == len(models) and not target.for_tests:
        name, text = next(iter(failed.items()))
        raise UsageError(
            f"target {target.name}: run in its own arithmetic ({models[name].words}), got {text};"
            f" {remedies(filters, models[name])}"
        )
    exact_names = [name for name in models if name not in failed]
    remedy = f"take {' or '.join(exact_names)}" if exact_names else "take f32"
    notes = tuple(f"{name}: run in its own arithmetic, got {text}; {remedy}" for name, text in failed.items())
    facts = {
        name: {
            "model": model.words,
            "input_peak_db": -round(filters.headroom.any_input_db, 3),
            "holds": name not in failed,
            "channels": {channel: judgement.entry() for channel, judgement in judged[name].items()},
        }
        for name, model in models.items()
    }
    return replace(
        export,
        files={**export.files, README: _readme(filters, target.name, export, facts)},
        notes=(*export.notes, *notes),
        facts={**export.facts, "arithmetic": facts, "arithmetic_floors": FLOORS},
    )


def failures(judged: dict[str, ChannelJudgement]) -> str:
    """Sentence on what the channels do not hold; empty where they hold all."""
    return "; ".join(
        f"{name}: {', '.join(judgement.failures)}" for name, judgement in judged.items() if judgement.failures
    )


def remedies(filters: FilterSet, model: ArithmeticModel) -> str:
    """Arithmetic that was run instead and holds."""
    sufficient = []
    for name, make in model.alternatives.items():
        try:
            judged = judge(filters, make())
        except UsageError:
            continue
        if not failures(judged):
            ratio = min(judgement.signal_to_noise_db for judgement in judged.values())
            sufficient.append(f"{name} holds ({ratio:z.0f} dB of signal to noise)")
    return "; ".join(sufficient) if sufficient else 'choose [realization] form = "fir", or a target in floating point'


def judge(filters: FilterSet, model: ArithmeticModel) -> dict[str, ChannelJudgement]:
    """Channel -> what its filters do in the model's arithmetic."""
    level = 10 ** (-filters.headroom.any_input_db / 20)
    length = max(filter_.taps.size for filter_ in filters.filters)
    period = min(max(1 << (length - 1).bit_length(), *map(_period, model.routes), MIN_PERIOD), MAX_PERIOD)
    sums = {name: _Sums(np.zeros((len(filters.drivers), period))) for name in filters.channels}
    for route, x, y in _played(model, period, level):
        sums[route.channel].add(filters.drivers.index(route.driver), route, x, y, period, model.full_scale)
    ears = filters.judge({name: filter_.responses for name, filter_ in sums.items()}) if filters.judge else {}
    return {name: filter_.judgement(ears.get(name, {})) for name, filter_ in sums.items()}


def _period(route: ModelRoute) -> int:
    return 1 << (route.delay + route.settling - 1).bit_length()


def _played(model: ArithmeticModel, period: int, level: float) -> Iterator[tuple[ModelRoute, Whole, Whole]]:
    """Each route with its two inputs (2, N) and what came out."""
    settling = max((route.settling for route in model.routes), default=0)
    count = 2 * period + settling + SILENCE
    for start in range(0, len(model.routes), MAX_ROUTES_AT_ONCE):
        indices = range(start, min(start + MAX_ROUTES_AT_ONCE, len(model.routes)))
        signals = [_signals(period, count, model.routes[r].tone) for r in indices]
        x = np.rint(np.array(signals) * level * model.full_scale).astype(np.int64)
        x = np.minimum(x, int(model.full_scale) - 1)  # a sample of 1 itself is one step too far
        y = model.play(indices, x)
        yield from zip((model.routes[r] for r in indices), x, y, strict=True)


def _signals(period: int, count: int, tone: float) -> Real:
    """The noise and the tone (2, N), of peak 1, with silence behind each."""
    phases = np.exp(2j * np.pi * np.random.default_rng(1).random(period // 2 + 1))
    phases[[0, -1]] = 1.0
    noise = np.fft.irfft(phases, period)
    n = np.arange(2 * period)
    decaying = np.cos(tone * n) * np.exp(-DECAY * n / (2 * period))
    signals = np.zeros((2, count))
    signals[:, : 2 * period] = np.tile(noise / np.abs(noise).max(), 2), decaying
    return signals


@dataclass
class _Sums:
    """Sum of the routes of one channel."""

    responses: Real
    power: float = 0.0
    error: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0

    def add(self, driver: int, route: ModelRoute, x: Whole, y: Whole, period: int, full_scale: float) -> None:
        exact = route.exact(x.astype(float))
        error = (y - exact) / full_scale
        noise = error[0, : 2 * period]
        self.power += float(np.sum((exact[0, : 2 * period] / full_scale) ** 2))
        self.error += float(np.sum((noise - noise.mean()) ** 2))
        fading, silence = error[1, 2 * period - period // 2 : 2 * period], error[:, -SILENCE:]
        means = silence.mean(axis=1)
        self.mean = max(self.mean, float(np.abs([noise.mean(), fading.mean(), *means]).max()))
        self.deviation = max(self.deviation, float(np.abs(silence - means[:, None]).max()))
        second = slice(period, 2 * period)
        response = np.fft.irfft(np.fft.rfft(y[0, second]) / np.fft.rfft(x[0, second]), period)
        self.responses[driver] += np.roll(response, route.delay)

    def judgement(self, ears: dict[str, float]) -> ChannelJudgement:
        ratio = _db(self.power, self.error) / 2 if self.power > 0 else -FLOOR_DB  # of powers
        return ChannelJudgement(ratio, _db(self.mean, 1.0), _db(self.deviation, 1.0), ears)


def _db(value: float, reference: float) -> float:
    """Ratio of amplitudes in dB, between the floor and twice its opposite."""
    ratio = 20 * np.log10(max(value, 1e-300) / max(reference, 1e-300))
    return float(np.clip(ratio, FLOOR_DB, -2 * FLOOR_DB))


def _readme(filters: FilterSet, target: str, export: Export, facts: dict[str, Any]) -> bytes:
    """The export's README.txt, made where there is none, with the results as a table."""
    paragraphs = [
        f"Each channel was run by itself in the target's own arithmetic, with noise and with a decaying tone of"
        f" {filters.headroom.any_input_db:z.1f} dB below full scale at the peak, then with silence. Allowed: signal to noise of"
        f" {MIN_SIGNAL_TO_NOISE_DB:g} dB or more, DC and limit cycles of {MAX_DC_DB:g} and {MAX_LIMIT_CYCLE_DB:g} dB of full scale or less;"
        f" {MAX_LEVEL_CHANGE_DB:g} dB and {MAX_TIME_CHANGE_US:g} microseconds of change at the bright points.",
        *(f"{name}: {entry['model']}." for name, entry in facts.items()),
    ]
    rows = [("arithmetic", "channel", "signal to noise", "DC", "limit cycle", "level change", "time change")]
    for name, entry in facts.items():
        for channel, judgement in entry["channels"].items():
            dc, cycle = (
                "none" if (x := judgement[k]) <= FLOOR_DB else f"{x:z.1f} dB" for k in ("dc_db", "limit_cycle_db")
            )
            level = f"{judgement['level_change_db']:z.3f} dB" if "level_change_db" in judgement else "-"
            time = f"{judgement['time_change_us']:z.2f} us" if "time_change_us" in judgement else "-"
            rows.append((name, channel, f"{judgement['signal_to_noise_db']:z.1f} dB", dc, cycle, level, time))
    written = readme(filters, target, export.scaling, "\n\n".join(paragraphs), rows)
    if README not in export.files:
        return written
    _, _, body = written.partition(b"\n\n")  # behind the provenance, which is there already
    return export.files[README] + b"\n" + body
