"""The targets, by the names that `--target` and `[export] targets` take: each `Target` that a module of this folder makes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from designer.errors import DataError, UsageError
from designer.export.coefficients import MAX_SECTIONS, Coefficients, is_folder, read_bytes, refusal, shown
from designer.export.provenance import TABLE, Row
from designer.export.rates import of_rate
from designer.export.target import BareFile, Target
from designer.export.targets.tables import read_table
from designer.problem.messages import nearest
from designer.problem.schema import Problem

MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
REGISTERED = {value.name: value for module in MODULES for value in vars(module).values() if isinstance(value, Target)}
TARGETS = dict(sorted(REGISTERED.items(), key=lambda item: item[1].place))
OPTIONS = sorted({o.flag: o for target in TARGETS.values() for o in target.options}.values(), key=lambda o: o.place)
READERS = [target for target in TARGETS.values() if target.read is not None]
DECODERS = {key: target for target in TARGETS.values() for key in target.bare}
NAMES = list(dict.fromkeys(target.files for target in READERS))
EXPECTED_FILES = f"a {', '.join(NAMES[:-1])} or {NAMES[-1]} file, or a folder with one of these"
PROOF = "_test.c"
"""End of the programs that compare feeds; the coefficients are in the file beside each."""
STEPS = (-64, 32)


def target_named(name: str, *, runs: bool = False) -> Target:
    """The target of a name. Raises UsageError: there is none; names the nearest, and all, or with `runs` those that a program here runs."""
    if name not in TARGETS:
        known = [target.name for target in TARGETS.values() if target.run is not None or not runs]
        near = nearest(name, known)
        raise UsageError(f"--target: got {name!r}; expected {', '.join(known)}{near and '; '}{near}")
    return TARGETS[name]


def checked_options(name: str, options: Mapping[str, str | None]) -> dict[str, str]:
    """Flag -> value of those that the user gave.

    Raises UsageError: a target does not heed one, or does not know its value.
    """
    heeded = {option.flag: option for option in target_named(name).options}
    flags = {flag: value for flag, value in options.items() if value is not None}
    for flag, value in flags.items():
        if flag not in heeded:
            heeding = ", ".join(t.name for t in TARGETS.values() if flag in [option.flag for option in t.options])
            raise UsageError(
                f"--{flag}: got it for the target {name}, which has none; expected a target of {heeding}; leave --{flag} out"
            )
        if not value:
            kinds = ", ".join(heeded[flag].names) or "a name"
            raise UsageError(f"--{flag}: got an empty text; expected {kinds}; leave --{flag} out for the default")
        heeded[flag].check(value)
    return flags


def read_coefficients(path: Path, problem: Problem) -> Coefficients:
    """The filters of a file, or of an exported folder, on a problem's channels and drivers; of several rates those at the problem's.

    Raises DataError: no target reads it, or its content does not fit the problem.
    """
    chosen, note = of_rate(path, problem.sample_rate_hz) if is_folder(path) else (path, "")
    coefficients = Coefficients(_in_folder(chosen) if is_folder(chosen) else chosen, problem)
    coefficients.notes += (note,) if note else ()
    ending = coefficients.path.suffix
    targets = [target for target in READERS if ending.lower() in target.endings]
    if not targets:
        if not coefficients.path.exists():
            read_bytes(coefficients.path)  # whose message names what is not there
        is_bare = ending.lower() in [suffix for suffix, _ in DECODERS]
        remedy = f"name its folder, with {TABLE}" if is_bare else "export it as one of these"
        raise refusal(path, f"a file that ends with {ending[:20]!r}", EXPECTED_FILES, remedy)
    try:
        if ending.lower() == ".csv" and (table := read_table(coefficients))[1] == Row._fields:
            coefficients.check_stated_rate(table[0])
            for cells in table[2]:
                _read_row(coefficients, Row(*cells))  # type: ignore[arg-type]  # texts, each looked at there
            coefficients.heed(table[0])
        else:
            target = next((t for t in targets if t.is_own and t.is_own(coefficients.text())), targets[0])
            assert target.read is not None
            target.read(coefficients)
    except MemoryError:
        raise DataError(f"{path}: got more than the memory holds; expected {EXPECTED_FILES}; export it again") from None
    for channel, drivers in list(coefficients.taps.items()):
        nonzero = {driver: taps for driver, taps in drivers.items() if taps.any()}
        coefficients.taps[channel] = nonzero
        if not nonzero:
            del coefficients.taps[channel]
    coefficients.check_complete()
    return coefficients


def _in_folder(folder: Path) -> Path:
    patterns = [TABLE, *(pattern for target in READERS for pattern in target.in_folders)]
    for pattern in sorted(patterns, key=lambda pattern: "*" in pattern):
        files = sorted(file for file in folder.glob(pattern) if not file.name.endswith(PROOF))
        if len(files) > 1:
            raise refusal(folder, f"{len(files)} files {pattern}", "one", "name the one that is meant")
        if files:
            return files[0]
    raise refusal(folder, "a folder without coefficients", EXPECTED_FILES, "name the file itself")


def _read_row(coefficients: Coefficients, row: Row) -> None:
    """The filter of a row of `filters.csv`, with the file that it names."""
    place = coefficients.place(row.channel, row.driver)
    delay = coefficients.whole(row.delay_samples, "delay_samples")
    if row.kind == "delay":
        coefficients.add_delay(place, delay)
        return
    if row.kind not in ("taps", "sections"):
        raise coefficients.refusal(f"kind {shown(row.kind)}", "taps, sections or delay")
    file = coefficients.beside(row.file)
    endings = dict.fromkeys(ending for ending, _ in DECODERS)
    if file.suffix not in endings:
        raise coefficients.refusal(f"the file {shown(row.file)}", f"names that end with {', '.join(endings)}")
    target = DECODERS.get((file.suffix, row.layout)) or DECODERS.get((file.suffix, ""))
    if target is None or target.decode is None:
        layouts = ", ".join(layout for ending, layout in DECODERS if ending == file.suffix)
        raise coefficients.refusal(f"the layout {shown(row.layout)}", layouts, path=file)
    bits = coefficients.whole(row.bits, "bits", 64, 1) if row.bits else 0
    step = 2.0 ** (coefficients.whole(row.log2_step, "log2_step", STEPS[1], STEPS[0]) if row.log2_step else 0)
    values, gains = target.decode(coefficients, BareFile(file, row, bits, step))
    if row.kind == "taps":
        coefficients.add_taps(place, values, delay)
        return
    if values.size % 5 or not 5 <= values.size <= 5 * MAX_SECTIONS:
        raise coefficients.refusal(f"{values.size} numbers", "five a section", path=file)
    table = values.reshape(-1, 5)
    if gains is not None and len(gains) != len(table):
        raise coefficients.refusal(f"{len(gains)} gains of {len(table)} sections", "one each", path=file)
    b = table[:, :3] if gains is None else table[:, :3] * gains[:, None]
    coefficients.add_sections(place, b, table[:, 3:], delay, gains)
