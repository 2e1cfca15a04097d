"""Arguments of the functions that a user calls: one of another type is refused by its name, and messages name arguments, not options.

Types are read from the annotations. A class that is imported for type checking alone is recognised by its name; arrays are whatever
numpy takes as numbers.
"""

from __future__ import annotations

import builtins
import difflib
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from numbers import Integral, Real
from types import UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin

from designer.errors import DataError, OutputError, ProblemError, ProgramError, UsageError

_P = ParamSpec("_P")
_R = TypeVar("_R")
_NUMBERS: dict[Any, type] = {int: Integral, float: Real}
WORDS = {r"Literal\[(.*?)\]": r"\1", r"ndarray\[.*?\]{3}": "array", " \\| ": " or ", r"\bResult\b": "Design"}
"""Parts of an annotation -> how a message writes them."""
WRITTEN = "folder", "out"
"""Arguments that stand for the option -o."""
OPTION = re.compile(
    r"`[^`]*`|(?<![\w-])(?P<option>--[a-z]+(?:-[a-z]+)*|-o\b)(?P<value> (?:[A-Z0-9][\w:.,]*|[\w.]+\.\w+))?"
)
"""An option of a command in a message, with the value behind it: a word in capitals, a number, or a file."""
MAX_LENGTH = 60
"""Characters of a value that a message shows."""


def checked_arguments(**names: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorator of public functions: wrong types are UsageErrors, and errors name the argument `a_b` in place of the option `--a-b`.

    Parameters
    ----------
    names : str, option -> its argument, where that has another name

    """

    def decorator(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)

        @wraps(function)
        def called(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            for name, value in _bound(signature, function.__name__, names, args, kwargs).arguments.items():
                parameter = signature.parameters[name]
                kind, items = parameter.kind, [(name, value)]
                if kind is parameter.VAR_POSITIONAL:
                    items = [(name, item) for item in value]
                elif kind is parameter.VAR_KEYWORD:
                    items = value.items()
                for key, item in items:
                    _check(key, item, parameter.annotation, function)
            try:
                return function(*args, **kwargs)
            except (UsageError, DataError, OutputError, ProgramError) as error:
                message = _in_python(str(error), signature, names)
                if kwargs.get("command") or message == str(error):  # the command itself called
                    raise
                raise type(error)(message) from error
            except ProblemError as error:
                file = _in_python(error.file, signature, names)
                if kwargs.get("command") or file == error.file:
                    raise
                raise ProblemError(file, error.faults) from error

        return called

    return decorator


def _in_python(message: str, signature: inspect.Signature, names: Mapping[str, str]) -> str:
    """A command's message with the arguments of a function in place of options; commands in backticks stay.

    `--a-b:` in front is `a_b:`, `--a-b VALUE` is `a_b=VALUE`, `--flag` is `flag=True`, and `-o` is the argument for what is
    written. An option that is no argument stays.
    """
    written = next((name for name in WRITTEN if name in signature.parameters), "")
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values())

    def named(option: re.Match[str]) -> str:
        text, value = option["option"], option["value"] or ""
        if text is None or (text == "-o" and not written):
            return option[0]
        argument = text.lstrip("-").replace("-", "_")
        argument = written if text == "-o" else names.get(argument, argument)
        parameter = signature.parameters.get(argument)
        if parameter is None and not takes_any:  # of the command alone
            return option[0]
        if option.start() == 0:
            return f"{argument}{value}"
        if value or text == "-o":
            return f"{argument}={value.strip()}"
        return f"{argument}=True" if parameter is not None and parameter.annotation == "bool" else argument

    return OPTION.sub(named, message)


def _bound(
    signature: inspect.Signature,
    function: str,
    names: Mapping[str, str],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> inspect.BoundArguments:
    """Arguments of a call by name; a UsageError names one that is unknown, missing, given twice or too many."""
    try:
        return signature.bind(*args, **kwargs)
    except TypeError as error:
        known = {name: parameter for name, parameter in signature.parameters.items() if name != "self"}
        takes = f"{function} takes {', '.join(known)}"
        for name in kwargs:
            if name not in known:
                near = [names[name]] if name in names else difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                remedy = f'nearest known: "{near[0]}"' if near else takes
                raise UsageError(f"{name}: unknown argument; {remedy}") from None
        by_place = [name for name, parameter in known.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
        if twice := [name for name in by_place[: len(args) - len(signature.parameters) + len(known)] if name in kwargs]:
            raise UsageError(f"{twice[0]}: got it twice, by place and by name; expected it once") from None
        for name in known:
            if str(error).endswith(f"'{name}'"):
                raise UsageError(f"{name}: required argument is missing; {takes}") from None
        count = len(args) - (len(signature.parameters) - len(known))
        raise UsageError(
            f"{function}: got {count} arguments by place; expected at most {len(by_place)} ({', '.join(by_place)}); name the others"
        ) from None


class _Names(dict[str, Any]):
    """Names that annotations use; an unknown one is an empty class of that name."""

    def __missing__(self, name: str) -> Any:
        return vars(builtins).get(name) or type(name, (), {})


def _check(name: str, value: Any, annotation: Any, function: Any) -> None:
    if not isinstance(annotation, str):  # self
        return
    hint = eval(annotation, {}, _Names(function.__globals__ | {"ArrayLike": ArrayLike}))
    if not fits(value, hint):
        expected = hint.__name__ if isinstance(hint, type) else re.sub(r"(\w+\.)+(?=\w)", "", repr(hint))
        for pattern, words in WORDS.items():
            expected = re.sub(pattern, words, expected)
        raise UsageError(f"{name}: got {shown_object(value)}; expected {expected}")


def shown_object(value: Any) -> str:
    """A value of Python in a message: on one line, cut where it is long, with its type."""
    text = re.sub(r"\s+", " ", repr(value))
    kind = "" if value is None else f" ({type(value).__name__})"
    return f"{text if len(text) <= MAX_LENGTH else f'{text[:MAX_LENGTH]}...'}{kind}"


class ArrayLike:
    """Anything that numpy takes as numbers, in the place of numpy's own type of that name."""


def fits(value: Any, hint: Any) -> bool:
    """Whether a value, its parts included, is of a type; an array fits a sequence of numbers."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind in (Union, UnionType):
        return any(fits(value, choice) for choice in inner)
    if kind is Literal:
        return isinstance(value, str) and value in inner
    if kind in (Any, object):
        return True
    if kind is None or not isinstance(kind, type):
        return kind is not None or value is None
    if kind in _NUMBERS:
        return isinstance(value, _NUMBERS[kind]) and not isinstance(value, bool)
    if kind is ArrayLike or kind.__name__ == "ndarray":
        return _is_numeric(value, scalars=kind is ArrayLike)
    if issubclass(kind, Mapping):
        return isinstance(value, Mapping) and all(fits(k, inner[0]) and fits(v, inner[1]) for k, v in value.items())
    if kind is tuple and ... not in inner:
        return _is_listed(value) and len(value) == len(inner) and all(map(fits, value, inner))
    if issubclass(kind, Collection) and inner:
        return _is_listed(value) and all(fits(item, inner[0]) for item in value)
    return isinstance(value, kind) or kind.__name__ in {base.__name__ for base in type(value).__mro__}


def _is_listed(value: Any) -> bool:
    is_scalar = getattr(value, "ndim", 1) == 0  # an array without length
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping) and not is_scalar


def _is_numeric(value: Any, *, scalars: bool) -> bool:
    import numpy as np

    try:
        array = np.asarray(value)
        return array.dtype.kind in "biufc" and (scalars or array.ndim > 0)
    except ValueError:  # rows of different lengths
        return False
