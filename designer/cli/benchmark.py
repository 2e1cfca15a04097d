"""`designer benchmark`: its options and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import ForceFile, app
from designer.cli.terminal import Stages, say, say_all

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
    """Score methods on problems of known best value.

    Weights of another program can be scored too. Prints how far each stays behind the best known value at its worst frequency, or by
    how much it misses what the problem requires; the CSV has each frequency.
    """
    from designer.problem.benchmark import benchmark as benchmark_of
    from designer.search.benchmark import score_table
    from designer.search.benchmark_run import score_all
    from designer.search.benchmark_weights import read_weights
    from designer.writing import check_file, write_file

    whole = benchmark_of()
    names = method or ([] if weights else ["auto"])
    check_file(out, inputs=tuple(weights or ()), force=force)
    known = [entry.name for entry in whole.problems]
    tables = {str(path): read_weights(path, known) for path in weights or ()}
    columns = [*names, *tables]
    with Stages("reading") as shown:
        scored = score_all(names, tables, problem or (), shown.update)
    lines, warnings = scored.verdicts, scored.warnings
    content = score_table(list(scored.rows)).encode()

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
    say_all(warnings, "warning")
    say(f"wrote {out}")
