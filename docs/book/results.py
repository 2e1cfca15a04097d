"""Pages of results: a gallery of the library, whose cells design each problem, and the reports as they stand in `reports/`."""

from __future__ import annotations

import itertools
import re
import subprocess
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from designer.problem.library import library

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
FRONT = """---
file_format: mystnb
kernelspec: {name: python3}
---
"""


def claim(text: str) -> str:
    """What a problem file says of itself: the comment below the line that names its schema, commands in it as such."""
    lines = list(itertools.takewhile(lambda line: line.startswith("#"), text.splitlines()))
    comment = "\n".join(line[1:].removeprefix(" ") for line in lines if not line.startswith("#:"))
    return "\n\n".join(
        f"```text\n{textwrap.dedent(part)}\n```"
        if part.startswith("    ")
        else re.sub(r"(?<!`)--[a-z][\w-]*(?: '[^']*')?", r"`\g<0>`", " ".join(part.split()))
        for part in re.split(r"\n\s*\n", comment)
    )


def key_figure(problem: Mapping[str, Any]) -> tuple[str, ...]:
    """Name of the figure that shows what a problem is for."""
    beams = [table["name"] for table in problem["designs"] if table["kind"] == "beamformer"]
    first = problem["designs"][0]["name"]
    if "room" in problem:
        return (beams[0] if beams else first, "room")
    if "virtualizer" in problem:
        return ("listener-differences",)
    if beams and problem.get("enclosure", {}).get("model") in ("sphere", "mesh"):
        return (beams[0], "map")
    return (first, "gain")


def _entry(name: str, file: Path, title: str) -> str:
    text = file.read_text(encoding="utf-8")
    problem = tomllib.loads(text)
    figure = ", ".join(f'"{part}"' for part in key_figure(problem))
    first = problem["designs"][0]["name"]
    return f"""(problem-{name})=
## {title}

{claim(text)}

```{{code-cell}}
:tags: [remove-input]

design = designer.design(designer.load("problems/{name}.toml"))
design.figure({figure})
```

```{{code-cell}}
:tags: [remove-input]

print("{first}:", design.sentence("{first}") + ".")
```

`designer design {file.parent.name}/{name}.toml`; the file is [{name}.toml](../../../problems/{name}.toml).
"""


def gallery() -> str:
    """The page of the library's problems."""
    entries = "\n".join(_entry(name, file, title) for name, (file, title) in library().items())
    return f"""{FRONT}
# Gallery

The problems of the library, with what their files say of them, their key figure, and the verdict on their first channel.

```{{code-cell}}
:tags: [remove-cell]

import designer
```

{entries}"""


def measured_on(folder: Path) -> str:
    """Date of the last change of a report's table, where the repository tells it."""
    tables = [path.relative_to(ROOT).as_posix() for path in folder.glob("*.csv")]
    command = ["git", "log", "-1", "--format=%cs", "--", *tables]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def report(folder: Path) -> str:
    """A report's page, its links kept."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    place = f"../../../{folder.relative_to(ROOT).as_posix()}"
    text = re.sub(r"\]\((?!https?:|#)([^)]+)\)", rf"]({place}/\1)", text)
    date = measured_on(folder)
    note = f"Measured by `python reports/{folder.name}/make.py`{f', last on {date}' if date else ''}.\n"
    head, _, body = text.partition("\n")
    return f"{head}\n\n{note}{body}"


def pages() -> dict[str, str]:
    """Path below `docs` -> Markdown."""
    folders = sorted(path.parent for path in REPORTS.glob("*/README.md"))
    entries = "\n".join(folder.name for folder in folders)
    index = f"# Reports\n\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```\n"
    made = {f"results/made/{folder.name}.md": report(folder) for folder in folders}
    return {"results/made/gallery.md": gallery(), "results/made/reports.md": index} | made
