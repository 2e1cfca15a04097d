"""Reference of what registries declare: numbers and columns, methods, targets, figures, exit codes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from book.commands import cell, stacked
from book.formats import target_text
from designer import errors, metrics
from designer import formulations as package
from designer.export.target import Target
from designer.export.targets import TARGETS
from designer.folders import tables
from designer.problem.methods import ALL_REQUIREMENTS, AUTO, Formulation, formulations
from designer.report import figures

THEORY = Path(__file__).parents[1] / "theory"
BETTER = {1: "more", -1: "less", 0: ""}
WHERE = {"page": "page", "comparison": "comparison", "sweep": "sweep", "head": "each head", "figure": "figure"}
SUBJECTS = {
    "problem": "the problem",
    "channel": "each channel",
    "head": "each listener of the stereo chain",
    "upmix": "the upmix",
    "comparison": "each channel of a comparison",
    "compared layouts": "a comparison",
    "bank": "a bank",
    "proof": "a proof",
}
COLUMNS = {
    "coefficients.csv": (tables.COEFFICIENTS, "the realised taps: a row a channel, driver and tap"),
    "weights.csv": (tables.WEIGHTS, "the weights before realisation: a row a channel, frequency and driver"),
    "sections.csv": (
        tables.SECTIONS,
        "second-order sections of a `biquad`: a numerator is `gain` times b0, b1, b2, and a0 is 1; the delay stands at a filter's first",
    ),
}
"""Tables of a design folder that are read back -> their columns, and what a row is."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell(text) for text in row] for row in rows)]
    return stacked("\n".join(f"| {' | '.join(line)} |" for line in lines), *(["numbers"] if "better" in head else []))


def _metric_rows(group: Iterable[metrics.Metric]) -> Iterator[list[str]]:
    for metric in group:
        where = ", ".join(WHERE[place] for place in WHERE if place in metric.on)
        limit = f" Limited by [`{metric.limit}`](#key-eardesign-{metric.limit})." if metric.limit else ""
        name = f"`{metric.name}`{{#metric-{metric.name}}}"
        meaning = f"{metric.label}: {metric.definition}.{limit}"
        yield [name, metric.unit, meaning, BETTER[metric.better], where]


def numbers_page() -> str:
    """Columns and numbers."""
    head = ("name", "unit", "meaning", "better", "shown on")
    files = table(
        ("file", "columns", "a row"),
        (
            [f"`{name}`", ", ".join(f"`{column}`" for column in columns), text]
            for name, (columns, text) in COLUMNS.items()
        ),
    )
    return f"""# Columns and numbers

Every number has one name: a column of a table, a key of `summary.json`, or what `designer sweep --best` takes. They are of the realised
filters, on the [conventions](../../conventions.md#mathematics).

## Columns of metrics.csv

A row for each channel and frequency (`channel`, `frequency_hz`).

{table(head, _metric_rows(metrics.CURVES))}
## Numbers of a channel

{table(head, _metric_rows(metrics.NUMBERS))}
## Numbers of a room, by octave

{table(head, _metric_rows(metrics.ROOM))}
## Other tables of a design folder

{files}"""


def declaring() -> dict[str, ModuleType]:
    """Method -> the module that declares it, which may solve it by another's."""
    modules = [
        importlib.import_module(f"{package.__name__}.{entry.name}") for entry in pkgutil.iter_modules(package.__path__)
    ]
    return {module.METHOD.name: module for module in modules if hasattr(module, "METHOD")}


def _theory(module: str) -> str:
    """Link to the page of a formulation's theory, where the book has one."""
    name = module.rpartition(".")[2].replace("_", "-")
    return f"Derived in [Theory](../../theory/{name}.md).\n" if (THEORY / f"{name}.md").exists() else ""


def _method(name: str, method: Formulation) -> str:
    module = declaring()[name]
    text = inspect.getdoc(module) or ""
    lines = [f"(method-{name})=\n## `{name}`\n", f"{text.splitlines()[0]}\n", _theory(module.__name__)]
    seen = [key for key in sorted(ALL_REQUIREMENTS) if key in method.looks_at]
    ignored = [key for key in sorted(ALL_REQUIREMENTS) if key not in method.looks_at]
    facts = []
    if seen:
        facts.append(f"Looks at: {', '.join(f'`{key}`' for key in seen)}.")
    if ignored:
        facts.append(f"Judged and not designed for: {', '.join(f'`{key}`' for key in ignored)}.")
    if method.keys:
        facts.append(f"Keys of its own: {', '.join(f'[`{key}`](#key-eardesign-{key})' for key in method.keys)}.")
    if method.beams_only:
        facts.append("For beams alone.")
    if method.refined:
        facts.append("For ear channels alone.")
    if method.baseline:
        facts.append("A baseline, for comparison.")
    statement = textwrap.dedent("\n".join(text.splitlines()[1:])).strip("\n")
    return "\n".join([*lines, *(f"{fact}\n" for fact in facts), f"```text\n{statement}\n```\n"])


def methods_page() -> str:
    """Formulations, with their statements."""
    entries = "\n".join(_method(name, method) for name, method in formulations().items())
    return f"""# Methods

A design's [`method`](#key-eardesign-method). Each is one convex problem a frequency, or as good as one; what it minimises stands in its
statement.

(method-{AUTO})=
## `{AUTO}`

`spherical-harmonic` where regions of the sphere are required, `constrained` where a mask, a window, or nulls without a curve are, and
else `power-ratio`.

{entries}"""


def _target(name: str, target: Target, said: dict[str, str]) -> str:
    lines = [f"(target-{name})=\n## `{name}`\n", f"{target.summary[0].upper()}{target.summary[1:]}.\n"]
    facts = []
    if target.options:
        facts.append(
            "Options: "
            + ", ".join(
                f"`--{option.flag}` (key [`{option.key}`](#key-export-{option.key}))" for option in target.options
            )
            + "."
        )
    if target.read is not None:
        endings = ", ".join(f"`{ending}`" for ending in target.endings)
        facts.append(f"`designer import-coefficients` reads {target.files} back{f' ({endings})' if endings else ''}.")
    if getattr(target, "run", None) is not None:
        facts.append("`designer proof` runs it here.")
    if target.arithmetics is not None:
        facts.append("In fixed point: filters are judged as its integers run.")
    text = target_text(target.write)
    if text not in said:
        said[text] = name
        facts_below = f"{text}\n" if text else ""
    else:
        facts_below = f"As [`{said[text]}`](#target-{said[text]}).\n" if text else ""
    return "\n".join([*lines, *(f"- {fact}" for fact in facts), "", facts_below])


def targets_page() -> str:
    """Firmware targets."""
    said: dict[str, str] = {}  # text of a module -> the first target that it stands at
    return "\n".join(
        [
            "# Targets\n",
            "Values of `designer export --target` and [`[export] targets`](#key-export-targets).\n",
            *(_target(name, target, said) for name, target in TARGETS.items()),
        ]
    )


def figures_page() -> str:
    """Kinds of figures."""
    parts = ["# Figures\n", "Kinds that `designer figures --only` and `Design.figure` take.\n"]
    for subject, words in SUBJECTS.items():
        rows = [
            [
                f"`{kind.kind}`",
                f"{kind.caption or 'its message says what it shows'}{'; a file of every design' if kind.core else ''}".replace(
                    "{place}", ""
                ),
            ]
            for kind in figures.declared_of(subject)
        ]
        parts += [f"## Of {words}\n", table(("kind", "shows"), rows)]
    return "\n".join(parts)


def exit_codes() -> dict[int, list[str]]:
    """Exit code -> what it means, in sentences: of results, and of the errors that end with it."""
    codes = {code: [f"{words[0].upper()}{words[1:]}."] for code, words in errors.EXIT_CODES.items()}
    for kind in _errors(errors.DesignerError):
        if kind is not errors.DesignerError:
            codes.setdefault(kind.exit_code, []).append(
                f"`{kind.__name__}` ([`{kind.code}`](#code-{kind.code})): {(inspect.getdoc(kind) or '').splitlines()[0]}"
            )
    return dict(sorted(codes.items()))


def _errors(kind: type[errors.DesignerError]) -> Iterator[type[errors.DesignerError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _errors(below)


def exit_codes_page() -> str:
    """Exit codes."""
    rows = ([f"`{code}`{{#exit-code-{code}}}", " ".join(texts)] for code, texts in exit_codes().items())
    return f"""# Exit codes

Results and errors end a command with these codes. A message on the error stream says where, what was got, what was expected, and
what to do; [Codes of messages](codes.md) lists its kinds.

{table(("code", "meaning"), rows)}
In Python the errors are one tree below `designer.errors.DesignerError`; a result's code is `Design.status`.
"""


def pages() -> dict[str, str]:
    """Path below `reference/made` -> Markdown."""
    return {
        "numbers.md": numbers_page(),
        "methods.md": methods_page(),
        "targets.md": targets_page(),
        "figures.md": figures_page(),
        "exit-codes.md": exit_codes_page(),
    }
