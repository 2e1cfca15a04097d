"""Reference of the commands, from what the parser is made of."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from typer.models import ArgumentInfo

from designer.cli import registered

README = Path(__file__).parents[2] / "README.md"


class Parameter(NamedTuple):
    """Argument or option of a command: as it is typed, its value in words, and its meaning."""

    label: str
    value: str
    meaning: str


def commands() -> dict[str, Callable[..., Any]]:
    """Name -> function of each command, in the order of `--help`."""
    entries = [entry for entry in registered().registered_commands if entry.callback and not entry.hidden]
    return {entry.name or entry.callback.__name__: entry.callback for entry in entries if entry.callback}


def parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    """Arguments and options of a command."""
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        assert get_origin(parameter.annotation) is Annotated, f"{function}: {name}"
        kind, info = get_args(parameter.annotation)[:2]
        if info.hidden:
            continue
        named = name.replace("_", "-")
        if isinstance(info, ArgumentInfo):
            label, value = info.metavar or named.upper(), ""
        else:
            first = [info.default] if isinstance(info.default, str) else []  # where it is annotated, a flag's name
            label = ", ".join([*first, *(info.param_decls or ())]) or f"--{named}"
            value = "" if kind is bool else info.metavar or _words(kind)
        default = parameter.default
        meaning = " ".join((info.help or "").split())
        if default is inspect.Parameter.empty and not isinstance(info, ArgumentInfo):
            meaning += " Required."
        elif isinstance(default, str | int | float) and not isinstance(default, bool) and "default" not in meaning:
            meaning += f" Default: `{default}`."
        yield Parameter(label, value, meaning)


def _words(kind: Any) -> str:
    """Name of a type of values, or its words."""
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    if get_origin(kind) is UnionType:
        return " or ".join(_words(part) for part in get_args(kind) if part is not NoneType)
    if get_origin(kind) is list:
        return _words(get_args(kind)[0])
    return {Path: "PATH", int: "NUMBER", float: "NUMBER"}.get(kind, "TEXT")


def _examples(name: str) -> list[str]:
    block = README.read_text(encoding="utf-8").partition("## Commands")[2].split("```")[1]
    lines = [line for line in block.splitlines() if re.match(rf"designer {name}(?![\w-])", line)]
    return [re.split(r"\s+#", line)[0].rstrip() for line in lines]


def cell(text: str) -> str:
    """A text within a table of Markdown."""
    return text.replace("|", "\\|")


def stacked(rows: str, *classes: str) -> str:
    """A table whose cells stand below each other where the window is narrow."""
    return f":::{{container}} {' '.join(['stacked', *classes])}\n\n{rows}\n\n:::\n"


def entry(name: str, function: Callable[..., Any]) -> str:
    """A command's part of the page."""
    about = " ".join((inspect.getdoc(function) or "").split())
    lines = [f"(command-{name})=\n## `designer {name}`\n", f"{about}\n"]
    lines += [f"```text\n{example}\n```\n" for example in _examples(name)]
    rows = [
        f"| `{cell(f'{label} {value}'.strip())}` | {cell(meaning)} |" for label, value, meaning in parameters(function)
    ]
    if rows:
        lines.append(stacked("\n".join(["| argument or option | meaning |", "|---|---|", *rows])))
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Path below `reference/made` -> Markdown."""
    about = " ".join((registered().info.help or "").split()).partition(" Exit codes:")[0]
    head = f"# Commands\n\n{about} What a command ends with is [its exit code](exit-codes.md).\n"
    return {"commands.md": "\n".join([head, *(entry(name, function) for name, function in commands().items())])}
