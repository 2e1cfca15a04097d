"""Codes of messages: every fault and every error has one, the reference lists each, and each on its page is raised."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from book import codes
from command import Command

import designer
from designer import errors
from designer.cli import docs, registered
from designer.export.targets import TARGETS
from designer.problem.message_codes import CODES, REGISTERED
from designer.problem.methods import method_names
from designer.problem.schema import Problem
from problem.broken_cases import BROKEN

PACKAGE = Path(designer.__file__).parent


def test_the_registry_is_read_whole() -> None:
    """Each line of it belongs to a group, a code, a cause or a remedy, and no code stands twice."""
    lines = [line for line in REGISTERED.splitlines() if line and not line.startswith("# ")]
    assert len(lines) == 3 * len(CODES)
    assert all(text.endswith(".") for code in CODES.values() for text in (code.meaning, code.cause, code.remedy))


def test_the_page_lists_every_code_and_each_is_raised() -> None:
    """The reference has the registry's codes; each is that of a broken file's fault or of an error raised here, and no fault has another.

    Two CPU seconds: every broken file is read.
    """
    page = codes.pages()["codes.md"]
    assert re.findall(r"^\(code-([a-z0-9-]+)\)=$", page, re.MULTILINE) == list(CODES)
    raised = {fault.code for file in BROKEN.iterdir() for fault in codes.faults_of(file)[1]}
    for code, attempt in codes.RAISED.items():
        error = codes.error_of(attempt)
        assert code in (error.codes if isinstance(error, errors.ProblemError) else (error.code,))
        raised.add(code)
    assert raised | {errors.ProblemError.code} == set(CODES)


def test_every_class_of_the_tree_has_a_code_of_its_own() -> None:
    """The errors that the tree at the top of `errors.py` draws are in the registry, each by a code that no other has."""
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    found = [getattr(errors, name).code for name in drawn]
    assert len({*found}) == len(drawn) == 7
    assert {*found} <= set(CODES)


def test_every_fault_is_made_with_a_code() -> None:
    """Wherever the package makes a fault, the call names a code, or its check does."""
    bare = []
    for file in PACKAGE.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "Fault" not in text:
            continue
        tree = ast.parse(text)
        if not any(
            isinstance(node, ast.ImportFrom)
            and node.module == "designer.errors"
            and "Fault" in [name.name for name in node.names]
            for node in ast.walk(tree)
        ):
            continue
        for check in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            if any(ast.unparse(decorator).startswith("coded(") for decorator in check.decorator_list):
                continue
            calls = [
                node for node in ast.walk(check) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Fault"
            ]
            for call in calls:
                keywords = [keyword.arg for keyword in call.keywords]
                if len(call.args) < 5 and "code" not in keywords:
                    bare.append(f"{file.name}: {check.name}")
    assert bare == []


def test_a_code_is_the_name_of_nothing_else() -> None:
    """`designer docs CODE` can mean no key, command, method or target."""
    schema = Problem.model_json_schema()
    keys = {key for table in (schema, *schema["$defs"].values()) for key in table["properties"]}
    commands = {entry.name or getattr(entry.callback, "__name__", "") for entry in registered().registered_commands}
    assert not set(CODES) & (keys | commands | set(TARGETS) | set(method_names()))


def test_the_command_names_the_codes_and_explains_each(
    designer_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Below its faults a bad file has the command that says more of them; it does so where there is no book."""
    monkeypatch.setattr(docs, "PACKAGED", tmp_path)
    monkeypatch.setattr(docs, "BUILT", tmp_path)
    ended = designer_command("check", str(BROKEN / "missing-key.toml"))
    assert ended.err.splitlines()[-1] == "more: designer docs missing-key"
    more = designer_command("docs", "missing-key")
    assert (more.code, more.err) == (0, "")
    assert more.out == f"{CODES['missing-key']}\n"
