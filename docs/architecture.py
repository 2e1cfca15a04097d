"""The order of the packages of `designer/`, and the drawing and table of docs/architecture.md, made from the code's own imports.

`python docs/architecture.py` writes both again; a test fails where they no longer show the code.
"""

from __future__ import annotations

import ast
import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "designer"
ROOMS = {  # from the top; each imports only from those before it, and from itself
    "errors": "the tree of the errors that a user can meet, and their exit codes",
    "arguments": "arguments of public functions: wrong types are refused by name",
    "declared": "declarations of the files of a registry, read without importing them",
    "versions": "the versions that a written folder names",
    "arrays": "types of arrays",
    "writing": "the one writer: a folder appears whole or not at all, and only files of its manifest are ever replaced",
    "stopping": "signals that ask for an end, answered from the first line on",
    "workers": "processes that end with their parent",
    "progress": "sentences on how far a long computation is, for whoever listens",
    "problem": "the problem file: schema, loading, faults, geometry, the library; `enclosures/` has one enclosure a file",
    "acoustics": "geometry to the transfer tensor H: enclosures, heads, air, measured data, the scene",
    "measures": "gain, effort, white-noise gain, directivity index of weights: one line of mathematics each",
    "requirements": "the file's requirements as arrays on the grid: points, curves, masks, regions, spreads",
    "solvers": "matrices and cones alone: eigenproblems, searches, conic data to Clarabel, certificates",
    "formulations": "one convex formulation a file",
    "designs": "scene, requirements and formulation to the weights W of a channel",
    "realization": "weights to FIR, RTF or biquads, in words of any length",
    "metrics": "every number that is reported, once: its name, label, unit, definition, and which way is better",
    "evaluation": "realised filters judged: at the ears, over azimuth, with the head moved, over the product line, in the room",
    "placement": "layouts of drivers: candidates, what a layout is worth, searches, free coordinates",
    "result": "a design and what is computed from it on demand",
    "bank": "sets of filters over one or two keys, and what is played between them, at rest and in time",
    "stereo": "the stereo chain: crosstalk model, upmix, alignment, rendering",
    "comparison": "several designs on one grid",
    "export": "one firmware target a file: its writer, its reader, its arithmetic; `runners/` builds and runs them",
    "proof": "what a target or a recorded device plays, set beside the design: stimulus, faults, numbers",
    "report": "figures, the page, the comparison's page, a proof's page",
    "folders": "design folders, written and opened",
    "job": "`designer.design`, `designer.open`, `designer.evaluate`",
    "search": "many designs: `new`, `compare`, `sweep`, `place`, `bank`, `benchmark`",
    "commands": "commands as functions: `check`, `reach`, `render`, `export`, `proof`, `figures`, `convert`, `bank`; filters read back",
    "studio": "the problem file edited beside its live graphs: session, engine, server, page",
    "cli": "one command a file",
}

EVERYWHERE = ("errors", "arrays")
"""Rooms that nearly every other imports from: no arcs are drawn to them."""


def room_of(path: Path) -> str:
    """The room that a module of the package is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    """Every module of the package but its own `__init__`."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module's syntax, the module first; walked once, without the garbage collector, which takes three times as long."""
    searched = gc.isenabled()
    gc.disable()
    try:
        return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    finally:
        if searched:
            gc.enable()


@cache
def imports(path: Path, *, top_level_only: bool = False) -> tuple[str, ...]:
    """Dotted names of everything that a module imports."""
    return tuple(_imports(ast.iter_child_nodes(nodes(path)[0]) if top_level_only else nodes(path)))


def _imports(tree: Iterable[ast.AST]) -> Iterator[str]:
    for node in tree:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows() -> Counter[tuple[str, str]]:
    """(importing room, imported room) -> modules of the first that import from the second."""
    edges: Counter[tuple[str, str]] = Counter()
    for path in modules():
        importer = room_of(path)
        names = imports(path)
        rooms = {name.split(".")[1] for name in names if name.startswith("designer.")}
        edges.update((importer, imported) for imported in rooms & set(ROOMS) if imported != importer)
    return Counter({pair: count for pair, count in edges.items() if pair[1] not in EVERYWHERE})


def drawing() -> str:
    """An SVG: the rooms from top to bottom, each bar as long as the square root of its lines, and an arc for each import."""
    step, indent, bars = 26, 120, 150
    place = {room: 24 + step * n for n, room in enumerate(ROOMS)}
    lines, files = Counter[str](), Counter[str]()
    for path in modules():
        lines[room_of(path)] += len(path.read_text(encoding="utf-8").splitlines())
        files[room_of(path)] += 1
    longest = max(lines.values())
    start = indent + bars + 70
    width, height = start + 16 * len(ROOMS), 24 + step * len(ROOMS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for (importer, imported), count in sorted(arrows().items()):
        low, high = place[importer], place[imported]
        bow = (low - high) / step * 15
        parts.append(
            f'<path d="M{start} {low} C{start + bow:.0f} {low} {start + bow:.0f} {high} {start} {high}" fill="none"'
            f' stroke="#3b6ea5" stroke-opacity="0.45" stroke-width="{0.8 if count < 3 else 1.6 if count < 8 else 3.2}"/>'
        )
    for room, y in place.items():
        size = 10 * max(
            round(bars / 10 * (lines[room] / longest) ** 0.5), 1
        )  # in steps, so that a line more changes nothing
        note = f"{files[room]} file{'s' if files[room] > 1 else ''}"
        parts.append(f'<text x="{indent - 8}" y="{y + 4}" text-anchor="end">{room}</text>')
        parts.append(f'<rect x="{indent}" y="{y - 7}" width="{size}" height="14" fill="#c9d7e8"/>')
        parts.append(f'<text x="{indent + size + 6}" y="{y + 4}" fill="#555" font-size="11">{note}</text>')
        parts.append(f'<circle cx="{start}" cy="{y}" r="2.5" fill="#3b6ea5"/>')
    return "\n".join([*parts, "</svg>\n"])


def table() -> str:
    """The rooms as a table of Markdown."""
    return "\n".join(
        ["| package | content |", "|---|---|", *(f"| `{room}` | {content} |" for room, content in ROOMS.items())]
    )


def page(text: str) -> str:
    """The text of docs/architecture.md with its table made again."""
    head, _, remainder = text.partition("| package |")
    tail = remainder.partition("\n\n")[2]
    return f"{head}{table()}\n\n{tail}"


if __name__ == "__main__":
    (ROOT / "docs" / "architecture.svg").write_text(drawing(), encoding="utf-8")
    file = ROOT / "docs" / "architecture.md"
    file.write_text(page(file.read_text(encoding="utf-8")), encoding="utf-8")
