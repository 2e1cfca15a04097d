"""`csv`: the realised taps, and the sections where there are any, as the tables of a design folder."""

from __future__ import annotations

from collections.abc import Iterable

from designer.export.filter_set import FilterSet
from designer.export.memory import memory
from designer.export.provenance import provenance
from designer.export.target import Export, Target

SCALING = "none: values as designed, 17 digits"


def write_csv(filters: FilterSet) -> Export:
    """`coefficients.csv`, in the biquad form `sections.csv`, and `delays.csv` where channels wait; lines with # are comments."""
    head = [f"# {line}" for line in provenance(filters, "csv", SCALING)]
    files = {"coefficients.csv": _text([*head, "channel,driver,tap,value", *_taps(filters)])}
    used = memory(filters)
    if any(one.cascade is not None for one in filters.filters):
        columns = "channel,driver,section,b0,b1,b2,a1,a2,gain,delay_samples"
        files["sections.csv"] = _text([*head, columns, *_sections(filters)])
    if any(filters.delays.values()):
        waits = [f"{_quoted(name)},{filters.delays.get(name, 0)}" for name in filters.channels]
        files["delays.csv"] = _text([*head, "channel,delay_samples", *waits])
    return Export(files, 8 * used.coefficients, 8 * used.state, used.multiply_adds, SCALING)


def _taps(filters: FilterSet) -> Iterable[str]:
    for one in filters.filters:
        start = f"{_quoted(one.channel)},{_quoted(one.driver)}"
        yield from (f"{start},{n},{value!r}" for n, value in enumerate(one.taps.tolist()))


def _sections(filters: FilterSet) -> Iterable[str]:
    for one in filters.filters:
        if one.cascade is None:
            continue
        parts = (one.cascade.b.tolist(), one.cascade.a.tolist(), one.cascade.gains.tolist())
        for s, (b, a, gain) in enumerate(zip(*parts, strict=True)):
            numbers = ",".join(repr(value) for value in (*(term / gain for term in b), *a, gain))
            yield f"{_quoted(one.channel)},{_quoted(one.driver)},{s},{numbers},{one.cascade.delay_samples * (s == 0)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"\r\n#') else name


def _text(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


CSV = Target("csv", "taps and sections as tables, 17 digits", write_csv)
