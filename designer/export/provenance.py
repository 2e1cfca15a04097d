"""Where an exported file comes from, as lines that each target puts into its own comments."""

from __future__ import annotations

import shlex

from designer.export.filter_set import FilterSet


def provenance(filters: FilterSet, target: str, scaling: str) -> list[str]:
    """Lines of text without comment signs: the same for the same problem, on any day and in any folder."""
    versions = ", ".join(f"{name} {version}" for name, version in filters.versions.items())
    return [
        f"{one_line(filters.title)}",
        f"problem: {one_line(filters.problem_file)}, SHA-256 {filters.problem_sha256}",
        f"versions: {versions}",
        f"sample rate: {filters.sample_rate_hz:.17g} Hz",
        f"channels: {', '.join(map(one_line, filters.channels))}",
        f"drivers: {', '.join(map(one_line, filters.drivers))}",
        f"form: {filters.form}; bulk delay: {filters.bulk_delay_samples} samples",
        f"scaling: {scaling}",
        f"headroom: {filters.headroom.text}; no preamp is applied",
        f"regenerate: {command(filters, target)}",
    ]


def command(filters: FilterSet, target: str) -> str:
    """What makes the export again from the problem file."""
    out = f"out/{filters.name}"
    design = shlex.join(["designer", "design", filters.problem_file, "-o", out])
    if filters.imported_from:
        begin = ["designer", "import-coefficients", filters.imported_from]
        design = shlex.join([*begin, "--problem", filters.problem_file, "-o", out])
    return f"{design} && {shlex.join(['designer', 'export', out, '--target', target])}"


def one_line(text: str) -> str:
    """A title or a name as a comment may hold it: without line breaks, and without the signs that end a C comment."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return printable.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")
