"""`designer benchmark`: its options and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import ForceFile, app
from designer.cli.terminal import Stages, say, say_all
from designer.errors import UsageError

RESULT = Path("benchmark.csv")


@app.command()
def benchmark(
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Score this method of the problem file; by default auto; repeatable."),
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.csv",
            help="Score these weights: columns design, driver, frequency_hz, real, imag, time factor e^{+jωt}; repeatable.",
        ),
    ] = None,
    problem: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Score this problem alone; by default all; repeatable.")
    ] = None,
    out: Annotated[Path, typer.Option("-o", metavar="FILE.csv", help="The table to write.")] = RESULT,
    force: ForceFile = False,
) -> None:
    """Score methods, or anyone's weights, on problems whose best value is known.

    Prints how far each stays behind the best known value at its worst frequency, or by how much it misses what the problem requires;
    the CSV has each frequency.
    """
    from designer.problem.benchmark import benchmark as benchmark_of
    from designer.problem.methods import check_methods
    from designer.search.benchmark import Score, benchmark_scene, score_table, scores, verdict, weights_of_method
    from designer.search.benchmark_weights import conjugate_warning, read_weights, weights_in
    from designer.writing import check_file, write_file

    whole = benchmark_of()
    names = method or ([] if weights else ["auto"])
    check_methods(names, "--method")
    check_file(out, inputs=tuple(weights or ()), force=force)
    known = [entry.name for entry in whole.problems]
    tables = {path: read_weights(path, known) for path in weights or ()}
    columns = [*names, *map(str, tables)]
    rows: list[Score] = []
    lines: list[list[str]] = []
    warnings: list[str] = []
    with Stages("reading") as shown:
        for entry in whole.named(problem or []):
            shown.update(entry.name)
            place = benchmark_scene(entry)
            parts: list[list[Score]] = []
            for name in names:
                w = weights_of_method(entry, place, name)
                parts.append([] if w is None else scores(entry, place, w, name))
            for path, table in tables.items():
                if entry.name not in table:
                    parts.append([])
                    continue
                w = weights_in(table, entry, place, path)
                parts.append(scores(entry, place, w, str(path)))
                warnings.append(conjugate_warning(entry, place, w, parts[-1]))
            rows += [row for part in parts for row in part]
            lines.append([entry.name, *map(verdict, parts)])
    if not rows:
        raise UsageError("got nothing to score; expected a method or weights that fit one of these problems")
    content = score_table(rows).encode()

    def fill(path: Path) -> None:
        path.write_bytes(content)

    write_file(out, fill)
    say(
        f"benchmark {whole.version}: dB behind the best known value at the worst frequency; missed: dB by which a requirement or a"
        " limit is missed; -: no weights"
    )
    table_lines = [["problem", *columns], *(line for line in lines if set(line[1:]) != {"-"})]
    widths = [max(map(len, column)) for column in zip(*table_lines, strict=True)]
    say_all("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in table_lines)
    say_all(filter(None, warnings), "warning")
    say(f"wrote {out}")
