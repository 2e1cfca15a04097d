"""The points of a sweep, one after the other: the product of all values, one by one with --zip, or drawn with --random.

A point is named by its content, which is a hash of the problem with its changes and defaults filled in, and of the data files that
it names. So an interrupted sweep knows what is done, and a problem file that changed in between is not mixed with what it was.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from designer.acoustics.measured.raw_set import named_emitter
from designer.arrays import Real
from designer.errors import ProblemError, UsageError
from designer.problem import loads
from designer.problem.key_faults import key_faults
from designer.problem.key_places import Change, fitted, locations, takes_whole_numbers
from designer.problem.messages import Location, dotted
from designer.problem.replacing import plain
from designer.problem.schema import Problem
from designer.search.sweep_point import Task
from designer.search.sweep_surface import FOLLOWS, following, is_on_surface, overlap, surface_locations, varied_data
from designer.search.sweep_values import Between, parsed_values, repeated, split
from designer.search.sweep_variants import MARK, image_location, mirrored, negates, variant_changes, variant_tables
from designer.writing.manifest import file_sha256

VARY, OVER = "--vary", "--over"
EXAMPLES = {VARY: "designs.left.max_effort_db=6,12", OVER: "'listener.position_m[1]=-0.4:0.4'"}
"""Options that name keys and their values, with an example of each."""
MOST = 1_000_000
"""Points: what keeps a typing error from filling the machine."""


@dataclass(frozen=True)
class Variation:
    """One `--vary`.

    Attributes
    ----------
    key : str, as the user wrote it
    places : tuple of Location, where its values go
    images : tuple of Location, where their mirror images go
    values : tuple of object or Between, in order; or an interval to draw from
    variants : mapping of str to tuple of Change, what each value sets, where the values are names of variants
    following : tuple of Change, drivers that are put on the surface with whatever is varied

    """

    key: str
    places: tuple[Location, ...]
    images: tuple[Location, ...]
    values: tuple[Any, ...] | Between
    variants: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    following: tuple[Change, ...] = ()

    def changes(self, value: Any) -> list[Change]:
        """Meaning of one of the values for the problem file."""
        if self.variants:
            return [*self.variants[value], *self.following]
        changes = [(place, value) for place in self.places] + [(place, mirrored(place, value)) for place in self.images]
        return [*changes, *self.following]

    def __len__(self) -> int:
        return 0 if isinstance(self.values, Between) else len(self.values)

    def draw(self, generator: random.Random) -> Any:
        """One of the values."""
        values = self.values
        if not isinstance(values, Between):
            return generator.choice(values)
        if values.is_whole:
            return generator.randint(int(values.low), int(values.high))
        return generator.uniform(values.low, values.high)


Values = str | Sequence[Any] | Mapping[str, Mapping[str, Any]] | Real
"""Values of a key: as `--vary` writes them behind the equals sign, or the values themselves; or variants, name -> key -> value."""


def variations(
    problem: Problem,
    varied_keys: Sequence[str] | Mapping[str, Values],
    *,
    mirror: bool = False,
    on_surface: bool = False,
    option: str = VARY,
) -> tuple[Variation, ...]:
    """Options of the form KEY=VALUES, each value checked alone as a problem file's would be.

    Parameters
    ----------
    varied_keys : sequence of str, the options; or mapping of str to str or sequence of object, key -> its values
    on_surface : bool, put every driver on the round body's surface, at its azimuth and height
    option : str, its name in messages

    Raises
    ------
    UsageError : a key that names nothing, values that are none, or two that set the same place
    ProblemError : a value that its key cannot hold

    """
    items = (
        list(varied_keys.items())
        if isinstance(varied_keys, Mapping)
        else [_parts(text, option) for text in varied_keys]
    )
    varied = [_variation(problem, key.strip(), values, option, mirror=mirror) for key, values in items]
    if not varied:
        raise UsageError(
            f"{option}: got no keys; expected one or more; give a key and its values, as {EXAMPLES[option]}"
        )
    if mirror and not any(place[0] == "drivers" for first in varied for place in first.places):
        raise UsageError("--mirror: got no key of a driver; expected one in --vary, as drivers.left.position_m[1]")
    for first, second in itertools.combinations(varied, 2):
        for place, set_place in itertools.product(second.places + second.images, first.places + first.images):
            if overlap(place, set_place):
                raise UsageError(
                    f"{option} {first.key} and {option} {second.key} both set {dotted(place)}; expected one of them; leave one out"
                )
    everywhere = [("drivers", number, FOLLOWS) for number in range(len(problem.drivers) if on_surface else 0)]
    placed = [place for first in varied for place in first.places + first.images if is_on_surface(place)]
    varied = [replace(first, following=following([*everywhere, *placed])) for first in varied]
    for first in varied:
        _check_values(problem, first, option)
    return tuple(varied)


def _parts(text: str, option: str) -> tuple[str, str]:
    """The key and the values of an option."""
    key, equals, values = text.partition("=")
    if not equals:
        raise UsageError(f"{option} {text}: got no values; expected KEY=VALUES, as {EXAMPLES[option]}")
    return key, values


def _variation(problem: Problem, key: str, values: Values, option: str, *, mirror: bool) -> Variation:
    surface = surface_locations(problem, key, option) if option == VARY else ()
    option = f"{option} {key}={values}" if isinstance(values, str) else f"{option} {key}"
    if isinstance(values, Mapping) or (isinstance(values, str) and values.strip().startswith(MARK)):
        tables = values if isinstance(values, Mapping) else variant_tables(list(split(values)), option)
        if not tables:
            raise UsageError(
                f"{option}: got no variants; expected one or more, each a name with its keys and their values"
            )
        variants = {name: variant_changes(problem, table, option) for name, table in tables.items()}
        set_places = dict.fromkeys(place for changes in variants.values() for place, _ in changes)
        return Variation(key, tuple(set_places), (), tuple(variants), variants)
    places = surface or locations(problem, key, option)
    images = [image_location(problem, place) for place in places] if mirror else []
    for place, image in zip(places, images, strict=False):
        if image in places and image != place and negates(place):
            raise UsageError(
                f"{option}: got one value for a driver and its mirror image; expected with --mirror one driver of the pair, whose image"
                " takes the other sign; name one of them"
            )
    parsed = parsed_values(values, option) if isinstance(values, str) else tuple(plain(value) for value in values)
    if not isinstance(parsed, Between) and not parsed:
        raise UsageError(f"{option}: got no values; expected one or more")
    if isinstance(parsed, Between):
        parsed = Between(parsed.low, parsed.high, parsed.is_whole and not surface and takes_whole_numbers(places[0]))
    elif not surface:
        parsed = tuple(fitted(places[0], value) for value in parsed)
    if option.startswith(OVER) and (twice := repeated(parsed)) is not None:
        raise UsageError(f"{option}: got the value {twice} twice; expected each value once")
    beside = tuple(dict.fromkeys(image for image in images if image is not None and image not in places))
    return Variation(key, places, beside, parsed)


def _check_values(problem: Problem, variation: Variation, option: str) -> None:
    """Faults of one value are refused before anything is designed; faults of two keys together are a point's error.

    Of numbers the least and the largest stand for all, because what a key allows is an interval.
    """
    values = variation.values
    if isinstance(values, Between):
        values = tuple(int(end) if values.is_whole else end for end in (values.low, values.high))
    numbers = [[value for value in values if type(value) is kind] for kind in (int, float)]
    ends = [
        end
        for values_of_kind in numbers
        if values_of_kind
        for end in dict.fromkeys((min(values_of_kind), max(values_of_kind)))
    ]
    for value in [*ends, *(value for value in values if type(value) not in (int, float))]:
        data = varied_data(problem, variation.changes(value))
        try:
            Problem.model_validate(data)
        except ValidationError as error:
            faults = list(key_faults(error, data).values())
            raise ProblemError(f"{problem.source} with {option} {variation.key}", faults) from None


@dataclass(frozen=True)
class Plan:
    """Which points are to be computed.

    Attributes
    ----------
    zipped : bool, the first values of all keys, then the second, ...; otherwise every value with every other
    draws : int, how many points are drawn, each on its own from the seed and its number; 0 for none
    robust : bool, whether the draws over tolerances and the listening zone are wanted too

    """

    problem: Problem
    varied: tuple[Variation, ...]
    zipped: bool = False
    draws: int = 0
    seed: int = 0
    robust: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no points.

        Raises
        ------
        UsageError : lists of unequal length, intervals without a draw, or too many points

        """
        for variation in self.varied:
            if isinstance(variation.values, Between) and not self.draws:
                raise UsageError(
                    f"--vary {variation.key}: got a range without a step; expected FROM:TO:STEP, or --random N to draw from it"
                )
        if self.zipped and self.draws:
            raise UsageError("got --zip and --random; expected one of them; leave one out")
        for variation in self.varied:
            twice = repeated(variation.values)
            if twice is not None and not self.zipped and not self.draws:
                raise UsageError(
                    f"--vary {variation.key}: got the value {twice} twice; expected each value once, or --zip, with which it stands"
                    " beside another of the other keys"
                )
        if self.zipped and len(set(map(len, self.varied))) > 1:
            counts = ", ".join(f"{len(variation)} of {variation.key}" for variation in self.varied)
            raise UsageError(f"--zip: got {counts}; expected as many values of each key")
        if len(self) > MOST:
            raise UsageError(f"got {len(self)} points; expected at most {MOST}; take larger steps, or --random N")

    def __len__(self) -> int:
        """How many points; with draws, some of them may be alike."""
        return self.draws or (len(self.varied[0]) if self.zipped else math.prod(map(len, self.varied)))

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Facts of the sweep, as its folder keeps them: points of other facts are not mixed with these."""
        return {
            "content": content(self.problem),
            "text": self.problem.text,
            "folder": str(self.problem.folder.absolute()),
            "source": self.problem.source,
            "files": self.problem.files,
            "keys": [variation.key for variation in self.varied],
            "plan": self.digest,
            "images": any(variation.images for variation in self.varied),
            "robust": self.robust,
        }

    @cached_property
    def digest(self) -> str:
        """Name of the plan among others of its folder: which values, and how they are combined."""
        values = [
            [
                first.key,
                asdict(first.values) if isinstance(first.values, Between) else [first.changes(v) for v in first.values],
            ]
            for first in self.varied
        ]
        return hashlib.sha256(
            json.dumps([values, self.zipped, self.draws, self.seed], default=str).encode()
        ).hexdigest()[:32]

    def tasks(self) -> Iterator[Task]:
        """Every point, in order; of points that are alike the first."""
        facts = self.facts
        base = base_of(facts)  # found from anywhere
        points: set[str] = set()
        may_repeat = self.zipped or self.draws or any(variation.variants for variation in self.varied)
        for number, values in enumerate(self._values()):
            changes = [
                change
                for variation, value in zip(self.varied, values, strict=True)
                for change in variation.changes(value)
            ]
            point = _name(self.problem, facts["content"], changes, robust=self.robust)
            if point not in points:
                if may_repeat:  # other values of lists are told apart already, and memory stays flat
                    points.add(point)
                varied = {variation.key: value for variation, value in zip(self.varied, values, strict=True)}
                yield Task(point, number, varied, tuple(changes), base, self.robust)

    def _values(self) -> Iterable[Sequence[Any]]:
        if self.draws:
            # Each point has a generator of its own, so that more points of the same seed begin with the same ones.
            generators = (random.Random(f"{self.seed} {number}") for number in range(self.draws))
            return ([variation.draw(generator) for variation in self.varied] for generator in generators)
        lists = [() if isinstance(variation.values, Between) else variation.values for variation in self.varied]
        return zip(*lists, strict=True) if self.zipped else itertools.product(*lists)


def base_of(facts: Mapping[str, Any]) -> Problem:
    """The problem that all points of a sweep start from, by the facts that its folder keeps."""
    return loads(facts["text"], folder=facts["folder"], source=facts["source"], files=facts.get("files"))


def content(problem: Problem) -> str:
    """Name of a problem: a hash of its tables with their defaults filled in, and of its data files."""
    return _hash(problem, problem.model_dump(), problem.data_files)


def _name(problem: Problem, of_problem: str, changes: Sequence[Change], *, robust: bool) -> str:
    """Name of a point: the problem, what is changed in it and judged, and data files that a value names."""
    names = [text for _, value in changes for text in _texts(value)]
    return _hash(problem, [of_problem, robust, changes], names)[:32]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _hash(problem: Problem, data: Any, names: Iterable[str]) -> str:
    digest = hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode())
    for name in names:  # a file, a pattern of files, or a file whose emitter stands behind a hash sign
        path = Path(named_emitter(str(problem.data_path(name)), Path())[0])
        matching = path.parent.glob(path.name) if path.name else ()
        for file in [path] if path.is_file() else sorted(match for match in matching if match.is_file()):
            digest.update(bytes.fromhex(file_sha256(file)))
    return digest.hexdigest()
