"""The house holds: data flows one way, heavy libraries live in one room, and one file holds one idea."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from architecture import PACKAGE, ROOMS, ROOT, drawing, imports, modules, page, room_of

from designer.cli.studio import EXTRA

KNOTS = {
    ("problem/sourced.py", "problem/replacing.py"): "`Problem.replace` reads what it makes, as the loader reads a file",
    ("problem/sourced.py", "problem/schema.py"): "the type of what it makes",
    (
        "acoustics/enclosures/moving_on_cylinder.py",
        "acoustics/enclosures/cylinder.py",
    ): "too long together for one file",
    ("export/target.py", "export/c_plan.py"): "the type of a target's words",
}
"""Imports that close a circle of files, and why they stay."""
REGISTERED = ("formulations", "enclosures", "targets", "runners", "measured")
"""Folders of formulations, enclosures, exporters with what runs them, and readers: one idea a file, however short."""
SHORT = {
    "report/bank_page.py": "each kind of page has its file",
}
"""Short files with one importer, and why they stay."""


def name_of(path: Path) -> str:
    """A module's path within the package."""
    return path.relative_to(PACKAGE).as_posix()


@cache
def imported(path: Path) -> frozenset[Path]:
    """Modules of the package that a module imports, late ones included."""
    found = set()
    for name in imports(path):
        parts = name.split(".")[1:] if name.startswith("designer.") else []
        while parts:
            place = PACKAGE.joinpath(*parts)
            file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
            if file.is_file():
                found.add(file)
                break
            parts.pop()
    return frozenset(found - {path})


def test_each_room_imports_only_from_the_rooms_above_it() -> None:
    """The order of rooms holds for every import, late ones included."""
    order = list(ROOMS)
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}, which is below it"
        for path in modules()
        for name in imports(path)
        if name.startswith("designer.")
        and (room := name.split(".")[1]) in ROOMS  # `designer.__version__` is of no room
        and order.index(room) > order.index(room_of(path))
    ]
    assert wrong == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Late imports and those of types included, but for a few that say why: so each file can be read after those that it needs."""
    needs = {
        path: {other for other in imported(path) if (name_of(path), name_of(other)) not in KNOTS} for path in modules()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(name_of(path) for path in error.args[1]))


def test_a_short_file_has_several_importers() -> None:
    """A file of fewer than 60 lines that one other imports is half an idea, but where each file of a folder is one entry of a kind."""
    importers: dict[Path, list[Path]] = {path: [] for path in modules()}
    for path in modules():
        for other in imported(path):
            importers[other].append(path)
    halves = [
        f"{name_of(path)}, of {name_of(others[0])}"
        for path, others in importers.items()
        if len(others) == 1
        and path.name != "__init__.py"
        and not {*path.relative_to(PACKAGE).parts} & {*REGISTERED}
        and name_of(path) not in SHORT
        and len(path.read_text(encoding="utf-8").splitlines()) < 60
    ]
    assert halves == []


def test_every_file_is_in_a_known_room() -> None:
    """A new room has to be given its place in the order."""
    assert {room_of(path) for path in modules()} == set(ROOMS)


def test_cvxpy_is_imported_only_in_formulations_and_late() -> None:
    """It costs a second to import cvxpy, so no module loads it at its top, and only formulations use it."""
    for path in modules():
        assert not any(name.split(".")[0] == "cvxpy" for name in imports(path, top_level_only=True)), path
        if any(name.split(".")[0] == "cvxpy" for name in imports(path)):
            assert room_of(path) == "formulations", path


def test_matplotlib_is_imported_only_in_report() -> None:
    """Figures are drawn in one room."""
    for path in modules():
        if any(name.split(".")[0] == "matplotlib" for name in imports(path)):
            assert room_of(path) == "report", path


def test_a_file_holds_one_idea() -> None:
    """No file is longer than 400 lines."""
    assert {path.name: n for path in modules() if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400} == {}


def test_nothing_is_loose_at_the_top() -> None:
    """What is kept at the top level is what the layout of the repository names."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no repository: a copy of the files alone")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    folders = {".ci", "designer", "docs", "problems", "reports", "tests"}
    assert top <= folders | {
        ".gitignore",
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
    }


def test_no_test_outside_the_benches_reads_a_clock() -> None:
    """No test of the gate depends on the load of the machine."""
    clocks = ("perf_" + "counter", "time." + "time()", "mono" + "tonic(")
    gate = [path for path in (ROOT / "tests").rglob("*.py") if "bench" not in path.relative_to(ROOT).parts]
    assert [path.name for path in gate if any(clock in path.read_text(encoding="utf-8") for clock in clocks)] == []


@pytest.mark.parametrize("arguments", [["--help"], ["check", "problems/smart-speaker.toml"]])
def test_light_commands_load_no_heavy_library(arguments: list[str]) -> None:
    """`--help` and `check` import neither cvxpy, matplotlib, pandas nor scipy.signal."""
    code = (
        "import sys; from designer import cli\n"
        f"sys.argv = ['designer', *{arguments!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'cvxpy', 'matplotlib', 'pandas', 'scipy.signal', 'sofar', 'clarabel'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def loaded_by(code: str) -> set[str]:
    """Modules that a new interpreter has after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_only_the_studio_needs_its_extra() -> None:
    """One module imports the packages of the extra, and no other imports that one at its top."""
    for path in modules():
        needs = {name.split(".")[0] for name in imports(path)} & set(EXTRA)
        assert not needs or path.name == "server.py", path
        assert "designer.studio.server" not in imports(path, top_level_only=True), path


def test_import_designer_loads_nothing_but_python() -> None:
    """Neither numpy nor pydantic, nor anything else that has to be installed, before a name is used."""
    loaded = {name.split(".")[0] for name in loaded_by("import designer") - loaded_by("pass")}
    assert loaded - set(sys.stdlib_module_names) == {"designer"}


def test_a_quick_design_loads_no_heavy_library(tmp_path: Path) -> None:
    """Of the smart speaker, its four exports included: what draws, what writes tables for notebooks, and what scipy has beside special
    functions, FFT, linear algebra and the cones' sparse matrices.
    """
    code = (
        "import sys; from designer import cli\n"
        f"sys.argv = ['designer', 'design', '--quick', 'problems/smart-speaker.toml', '-o', {str(tmp_path / 'out')!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
    )
    heavy = {"cvxpy", "matplotlib", "pandas", "plotly", "jinja2", "rich", "sofar", "netCDF4"}
    heavy |= {
        f"scipy.{name}" for name in ("signal", "stats", "optimize", "spatial", "interpolate", "integrate", "ndimage")
    }
    assert heavy & loaded_by(code) == set()


def test_the_drawing_shows_the_house() -> None:
    """docs/architecture.md and its drawing are what the imports say; `python docs/architecture.py` makes them again."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert text == page(text)
    assert (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8") == drawing()
