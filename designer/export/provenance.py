"""Where an exported file comes from, as lines that each target puts into its own comments."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath, PureWindowsPath

from designer.export.filter_set import FilterSet

UPMIX = "the upmix of upmix.json, which makes these channels from stereo; left and right alone are not their input"


def provenance(filters: FilterSet, target: str, scaling: str) -> list[str]:
    """Lines of text without comment signs: the same for the same problem, on any day and in any folder."""
    versions = ", ".join(f"{name} {version}" for name, version in filters.versions.items())
    lines = [
        f"title: {filters.title}",
        f"problem: {filters.problem_file}, SHA-256 {filters.problem_sha256}",
        f"versions: {versions}",
        f"sample rate: {filters.sample_rate_hz:.17g} Hz",
        f"channels: {', '.join(filters.channels)}",
        f"drivers: {', '.join(filters.drivers)}",
        f"form: {filters.form}; bulk delay: {filters.bulk_delay_samples} samples",
        *((f"fed by: {UPMIX}",) if filters.fed_by_upmix else ()),
        f"scaling: {scaling}",
        f"headroom: {filters.headroom.text}; no preamp is applied",
        f"regenerate: {command(filters, target)}",
    ]
    return [one_line(line) for line in lines]


def command(filters: FilterSet, target: str) -> str:
    """What makes the export again from the problem file; of a path on the machine that made it, the name alone."""
    out = f"out/{filters.name}"
    design = shlex.join(["designer", "design", filters.problem_file, "-o", out])
    if filters.imported_from:
        begin = ["designer", "import-coefficients", _relative(filters.imported_from)]
        design = shlex.join([*begin, "--problem", filters.problem_file, "-o", out])
    flags = {"--prefix": filters.prefix, "--part": filters.part, "--model": filters.model}
    options = [text for flag, value in flags.items() if value for text in (flag, value)]
    return f"{design} && {shlex.join(['designer', 'export', out, '--target', target, *options])}"


def _relative(path: str) -> str:
    kinds = (PurePosixPath(path), PureWindowsPath(path))
    return next((kind.name for kind in kinds if kind.is_absolute() or kind.anchor), path)


def one_line(text: str) -> str:
    """A title or a name as a comment may hold it: without line breaks, and without the signs that end a C comment."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text).replace("\\", "/")
    # One pass is enough: a space is put between two signs, and none come together by it. ??/ is C99's other backslash.
    return re.sub(r"/(?=\*)|\*(?=/)|\?(?=\?/)", lambda sign: f"{sign[0]} ", printable)
