"""The enclosures that a problem file can name, one a module: each class with a `model` of its own is one of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import BeforeValidator, Field

from designer.problem.enclosures.enclosure import Enclosure

DEFAULT_MODEL = "sphere"


def _enclosures() -> dict[str, type[Enclosure]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    kinds, waiting = {}, [Enclosure]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        tag = kind.tag()
        if tag is not None:
            kinds[tag[1]] = kind
    return dict(sorted(kinds.items(), key=lambda item: (item[0] != DEFAULT_MODEL, item[0])))


ENCLOSURES = _enclosures()
"""model -> class, the default first"""


def _with_model(table: Any) -> Any:
    return {"model": DEFAULT_MODEL, **table} if isinstance(table, Mapping) and "model" not in table else table


if TYPE_CHECKING:
    AnyEnclosure = Enclosure
else:
    AnyEnclosure = Annotated[
        Union[tuple(ENCLOSURES.values())],  # noqa: UP007 # made from the registry
        Field(discriminator="model"),
        BeforeValidator(_with_model),
    ]
