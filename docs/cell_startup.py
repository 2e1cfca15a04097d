"""First lines of every page's kernel, and of the test that runs a page's cells.

`problems/` is at hand as in a checkout, a figure that ends a cell is shown as SVG in the look of the package's figures, `%%sh` runs
lines of a shell, and a warning is an error.
"""

import io
import os
import subprocess
import warnings
from pathlib import Path

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure

from designer.problem.library import library_folder
from designer.report import canvas, schemes

mpl.use("agg")
mpl.rcParams.update(canvas.STYLE)
mpl.rcParams.update(
    {
        "axes.prop_cycle": cycler(color=schemes.COLOURS),
        "figure.figsize": (7.2, 3.4),
        "svg.fonttype": "path",  # formulas have letters that a browser's typeface may lack
        "text.parse_math": True,
    }
)
warnings.filterwarnings("error")
warnings.filterwarnings("ignore", module="ipykernel")
for name in (
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "CLICOLOR",
):  # a kernel sets them: a program would draw its bars into the page
    os.environ.pop(name, None)
os.environ["COLUMNS"] = "110"
if not Path("problems").exists():
    Path("problems").symlink_to(library_folder(), target_is_directory=True)


def sh(_line: str, lines: str) -> None:
    """Run lines of a shell, which ends at the first that fails, and print what they print.

    Raises
    ------
    CalledProcessError : the last exit code is not 0

    """
    done = subprocess.run(
        ["sh", "-e", "-c", lines], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout, end="")
    done.check_returncode()


def shown(fig: Figure) -> str:
    """A figure as SVG; that of a page itself (pyplot's) is laid out, and has formulas."""
    if not hasattr(fig, "number"):
        return canvas.svg(fig)
    fig.set_layout_engine("constrained")
    file = io.StringIO()
    fig.savefig(file, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
    return file.getvalue()[file.getvalue().index("<svg") :]


if "get_ipython" in globals():
    shell = globals()["get_ipython"]()
    shell.register_magic_function(sh, "cell", "sh")
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, shown)
    shell.display_formatter.formatters["text/plain"].for_type(
        Figure, lambda fig, printer, cycle: printer.text("figure")
    )
