"""Targets of `designer export` and the keys of their options in `[export]`, as the targets' files declare them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from designer.declared import TARGETS, declared


def target_names() -> tuple[str, ...]:
    """Targets, in the order of every list."""
    return tuple(target["name"] for target in declared(TARGETS, "Target"))


def option_fields() -> dict[str, Any]:
    """Key of `[export]` -> type and field of the option that it sets."""
    fields: dict[str, Any] = {}
    for option in declared(TARGETS, "Option"):
        names, pattern = option.get("names"), option.get("pattern")
        kind = Literal[tuple(names)] if names else Annotated[str, Field(pattern=pattern)]
        fields[option["key"]] = (kind | None, Field(default=None, description=option["about"]))
    return fields


def targets_of_options() -> dict[str, tuple[str, ...]]:
    """Key of `[export]` -> targets that its option is for."""
    targets = declared(TARGETS, "Target")
    return {
        option["key"]: tuple(target["name"] for target in targets if option["declared_as"] in target.get("options", ()))
        for option in declared(TARGETS, "Option")
    }
