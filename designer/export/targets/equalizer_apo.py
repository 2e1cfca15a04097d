"""`equalizerapo`: an Equalizer APO configuration to be included by its config.txt, with a WAV a filter beside it.

After its configuration reference: `Channel` selects; `Copy` fills channels from sums of others, by number from 1 or by name, all
from what stood before the line, and a name that is none of the device's makes a virtual channel; `Convolution` takes a file
relative to the configuration, whose rate must be the device's; `Preamp`; `Delay: <n> samples`; `Filter: ON IIR Order 2
Coefficients b0 b1 b2 a0 a1 a2` with the signs of H(z) = Σ b z^-n / Σ a z^-n; `If: sampleRate == N` to `EndIf:`. Commands that
are computed from a frequency, and any other, are refused by name where a configuration is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np

from designer.errors import DataError
from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import changed, filter_files
from designer.export.program_paths import Program, Signal, Way, amplitude
from designer.export.provenance import provenance, text_file
from designer.export.target import Export, Target, at_most, whole_rate
from designer.export.wave import Responses, loud_note, wave_float

SCALING = "none; responses in 32-bit float, 24 bits of mantissa"
MAX_WAYS = 99
"""A channel's name has up to three signs."""
MAX_BYTES = 10_000_000
MAX_CHANNELS = 1024
SECTION = re.compile(r"ON IIR Order 2 Coefficients((?: +[^ ]{1,60}){6}) *")
TERM = re.compile(r"(?:(?P<factor>[-+]?[\d.]+(?:e[-+]?\d+)?)(?P<db> ?dB)?\*)?(?P<name>[A-Za-z0-9_]+)")
COMMANDS = "Channel, Copy, Preamp, Delay, Convolution, Filter: ON IIR Order 2, If: sampleRate == N, EndIf"


def write_equalizer_apo(filters: FilterSet) -> Export:
    """`equalizerapo.txt` and NAME.wav of each filter that has taps.

    Raises UsageError: the sample rate is no whole number, or there are more filters than names of channels.
    """
    rate = whole_rate(filters, "equalizerapo")
    at_most("equalizerapo", len(filters.filters), MAX_WAYS, "filters", "export camilladsp or brutefir")
    stems, comments = filter_files(filters), provenance(filters, "equalizerapo", SCALING)
    waves = {
        f"{stems[filter_.channel, filter_.driver]}.wav": wave_float(filter_.taps[:, None], rate, "\n".join(comments))
        for filter_ in filters.filters
        if filter_.has_taps
    }
    outputs = max(len(filters.channels), len(filters.drivers))
    lines = [
        *(f"# {line}" for line in comments),
        "# Add to config.txt: Include: equalizerapo.txt",
        "# Channels come in as the device's first ones, drivers go out as its first ones, in the orders above.",
        "# The next line without its # applies the preamp that steady tones of full scale need:",
        f"# Preamp: {-filters.headroom.tones_db:z.2f} dB",
        f"If: sampleRate == {rate}",
        *(line for way, filter_ in enumerate(filters.filters, 1) for line in _way(filters, way, filter_, stems)),
        "Channel: all",
        f"Copy: {' '.join(_sums(filters, outputs))}",
        "EndIf:",
    ]
    return Export.of_words(
        {"equalizerapo.txt": text_file(lines), **waves},
        filters.memory(),
        4,
        SCALING,
        notes=(
            f"the sound device needs {outputs} channels and a rate of {rate} Hz; at another rate nothing is filtered",
            *loud_note(waves, (filter_.taps for filter_ in filters.filters)),
        ),
        names=changed(stems),
        preamp="the line Preamp of equalizerapo.txt: take its # out",
    )


def _way(filters: FilterSet, way: int, filter_: Filter, stems: dict[tuple[str, str], str]) -> Iterable[str]:
    """One filter on a virtual channel of its own."""
    yield f"Copy: W{way}={filters.channels.index(filter_.channel) + 1}"
    yield f"Channel: W{way}"
    if delay := filters.delay(filter_):
        yield f"Delay: {delay} samples"
    if filter_.cascade is not None:
        for b, a in zip(filter_.cascade.b.tolist(), filter_.cascade.a.tolist(), strict=True):
            yield f"Filter: ON IIR Order 2 Coefficients {' '.join(map(_decimal, (*b, 1.0, *a)))}"
    elif filter_.has_taps:
        yield f"Convolution: {stems[filter_.channel, filter_.driver]}.wav"


def _sums(filters: FilterSet, outputs: int) -> Iterable[str]:
    """Each driver from its ways, and silence on the device's channels that were inputs and are no driver."""
    for d in range(outputs):
        driver = filters.drivers[d] if d < len(filters.drivers) else None
        ways = [f"W{way}" for way, filter_ in enumerate(filters.filters, 1) if filter_.driver == driver]
        yield f"{d + 1}={'+'.join(ways) if ways else '0.0'}"


def _decimal(value: float) -> str:
    """17 digits without an exponent, which the program's documentation does not name."""
    return np.format_float_positional(value, unique=True, trim="0")


def read_equalizer_apo(coefficients: Coefficients) -> None:
    """The filters of a configuration, the device's first channels in the order of the problem's channels and of its drivers.

    Raises DataError: it is no such configuration, does something that is no filter's, or does not fit the problem.
    """
    text = coefficients.text(MAX_BYTES)
    channels, drivers = coefficients.order(coefficients.comments(text))
    player = _Player(coefficients, max(len(channels), len(drivers)), len(channels))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise coefficients.refusal("no command", COMMANDS, "name the configuration itself")
    for line in lines:
        player.do(line)
    player.program.collect([player.signals[str(d + 1)] for d in range(len(drivers))], channels, drivers)


class _Player:
    """The device's channels and the virtual ones, line by line."""

    def __init__(self, coefficients: Coefficients, count: int, inputs: int) -> None:
        self.coefficients, self.program, self.responses = coefficients, Program(coefficients), Responses(coefficients)
        self.signals: dict[str, Signal] = {str(k + 1): (Way(k),) if k < inputs else () for k in range(count)}
        self.selected = list(self.signals)

    def do(self, line: str) -> None:
        """One line."""
        command, colon, arguments = line.partition(":")
        arguments = arguments.strip()
        if command == "If" and (words := re.fullmatch(r"sampleRate *== *(\d{1,9})", arguments)):
            self.coefficients.check_rate(float(words[1]))
        elif command == "Channel":
            self.selected = list(self.signals) if arguments.lower() == "all" else arguments.split()
            unknown = [name for name in self.selected if name not in self.signals]
            if unknown:
                raise self.refused(f"the channel {shown(unknown[0])}")
        elif command == "Copy":
            self._copy(arguments)
        elif command == "Preamp" and (words := re.fullmatch(r"([-+]?[\d.]{1,20}) ?dB", arguments)):
            gain = amplitude(self.coefficients.number(words[1], "Preamp"))
            self._apply(lambda signal: self.program.gained(signal, gain))
        elif command == "Delay" and (words := re.fullmatch(r"([\d.]{1,20}) (samples|ms)", arguments)):
            unit = 1 if words[2] == "samples" else self.coefficients.problem.sample_rate_hz / 1e3
            delay = self.coefficients.whole(
                float(round(self.coefficients.number(words[1], "Delay") * unit)), "Delay in samples"
            )
            self._apply(lambda signal: self.program.delayed(signal, delay))
        elif command == "Convolution" and arguments:
            taps = self.responses.track(arguments, 0)
            self._apply(lambda signal: self.program.convolved(signal, taps))
        elif command.split(" ")[0] == "Filter" and (words := SECTION.fullmatch(arguments)):
            b0, b1, b2, a0, a1, a2 = (self.coefficients.number(word, "a coefficient") for word in words[1].split())
            if not a0:
                raise self.refused("a0 of 0")
            section = tuple(value / a0 for value in (b0, b1, b2, a1, a2))
            self._apply(lambda signal: self.program.filtered(signal, section))
        elif not (command == "EndIf" and not arguments and colon):
            raise self.refused(f"the line {shown(line)}")

    def _copy(self, arguments: str) -> None:
        before = dict(self.signals)
        for assignment in arguments.split():
            name, equals, terms = assignment.partition("=")
            if not equals or not re.fullmatch(r"\w{1,60}", name) or len(self.signals) >= MAX_CHANNELS:
                raise self.refused(f"the assignment {shown(assignment)}")
            self.signals[name] = self.program.mixed([self._term(term, before) for term in terms.split("+")])

    def _apply(self, change: Callable[[Signal], Signal]) -> None:
        for name in self.selected:
            self.signals[name] = change(self.signals[name])

    def _term(self, term: str, before: dict[str, Signal]) -> tuple[float, Signal]:
        if term in ("0.0", "0"):
            return 0.0, ()
        parts = TERM.fullmatch(term)
        if parts is None or parts["name"] not in before:
            raise self.refused(f"the term {shown(term)} of a Copy")
        factor = 1.0 if parts["factor"] is None else self.coefficients.number(parts["factor"], "a factor")
        return (amplitude(factor) if parts["db"] else factor), before[parts["name"]]

    def refused(self, actual: str) -> DataError:
        """The error of a line that is no filter's."""
        return self.coefficients.refusal(actual, COMMANDS, "take it out of the configuration")


EQUALIZER_APO = Target(
    place=120,
    name="equalizerapo",
    summary="Equalizer APO: configuration and WAVs",
    write=write_equalizer_apo,
    files="Equalizer APO",
    read=read_equalizer_apo,
    endings=(".txt",),
    in_folders=("equalizerapo.txt",),
)
