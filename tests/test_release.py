"""A release has one version, and its changelog the form that readers and programs know."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

import designer

ROOT = Path(__file__).parents[1]
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def test_the_version_is_one() -> None:
    """The newest release of the changelog and the citation have the package's version and one date; the build reads it from the package."""
    heading = re.search(
        r"^## \[([\d.]+)\] - ([\d-]+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert heading is not None
    assert heading[1] == citation["version"] == designer.__version__
    assert heading[2] == str(citation["date-released"])
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_changelog_keeps_its_form() -> None:
    """Releases from the newest down, each with a date and entries under the headings of Keep a Changelog."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    numbers = [tuple(map(int, release.split("."))) for release in releases]
    assert numbers == sorted(numbers, reverse=True)
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(releases) + text.count("## [Unreleased]")
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= set(KINDS)
