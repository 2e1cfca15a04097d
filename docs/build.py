"""Build the book: `python docs/build.py` writes docs/_build/html/index.html.

It needs the extra `docs` and no network. Pages with code are executed, and what they show is kept under a digest of the package's code:
the next build executes those alone whose code changed. `--unexecuted` leaves their code as it stands, and is for checks of links and
references. Every warning is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from book import stamp

HERE = Path(__file__).parent
BUILD = HERE / "_build"


def code_digest() -> str:
    """Digest of what cells' results come from, beside the cells themselves: the package and the problem files."""
    drawing = (HERE / "cell_startup.py", HERE / "book" / "key_figures.py", HERE / "book" / "key_scenes.py")
    state = hashlib.sha256(b"".join(path.read_bytes() for path in drawing))
    for path in stamp.sources(HERE.parent):
        if not path.is_relative_to(HERE):
            state.update(path.read_bytes())
    return state.hexdigest()[:16]


def environment(*, unexecuted: bool) -> dict[str, str]:
    """Environment of the build: the commands of this Python first, one thread, and the kernels' first lines."""
    cells = BUILD / "cells" / code_digest()
    for other in cells.parent.glob("*"):
        if other != cells:  # of other code
            shutil.rmtree(other)
    startup = BUILD / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "cell_startup.py", startup / "00-book.py")
    quiet = "c.IPKernelApp.log_level = 40\n"  # its warning on TCP is no concern of a build
    (startup.parent / "ipython_kernel_config.py").write_text(quiet, encoding="utf-8")
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(HERE), os.environ.get("PYTHONPATH")])
        ),  # for the figures of keys
        "IPYTHONDIR": str(BUILD / "ipython"),
        "DESIGNER_BOOK": "unexecuted" if unexecuted else "executed",
        "DESIGNER_BOOK_CACHE": str(cells),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def main() -> int:
    """Run Sphinx; its exit code."""
    parser = argparse.ArgumentParser(description="Build the book into docs/_build/html.")
    parser.add_argument("--unexecuted", action="store_true", help="leave the pages' code as it stands")
    arguments = parser.parse_args()
    out = BUILD / ("html-unexecuted" if arguments.unexecuted else "html")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-n"]
    command += ["-d", str(out.with_name(f"{out.name}-doctrees")), str(HERE), str(out)]
    before = stamp.digest(HERE.parent)
    code = subprocess.run(command, env=environment(unexecuted=arguments.unexecuted), check=False).returncode
    if code == 0 and not arguments.unexecuted:  # a wheel takes it in
        (out / stamp.STAMP).write_text(before, encoding="utf-8")
    print(f"the book is {out / 'index.html'}" if code == 0 else "the book was not built", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
