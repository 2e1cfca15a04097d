"""Drivers on a body whose surface is solved: each driver's field in an infinite wall, plus the field that the body scatters.

p = p_b + p_s: the field of each driver in its wall, and that of the surface, solved at the frequencies of `surface_solution`. Their sum,
over the wave of a point source at the driver's place, is interpolated between these frequencies. The store keeps the surface at each
frequency by itself. Memory keeps the last bodies, because a problem makes new scenes of the same one.

**Origin of the sound.** The sound comes from the driver and from every edge that it passes. For a head, it comes from within half of the
body's diagonal around the body's centre.

**Power.** At the solved frequencies Q is the mean over the sphere of the far fields' products. Q is even in k, and is interpolated
likewise; at 0 Hz every driver is the same point source, and Q = 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from designer.acoustics.content import code_version, digest
from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.enclosures.surface_solution import (
    Progress,
    between,
    is_stored,
    read_between,
    read_or_solved,
    step_of,
)
from designer.acoustics.turning import phase
from designer.arrays import Complex, Index, Real
from designer.problem.enclosures.solved_body import FREQUENCIES_A_TURN, Effort, frequencies_solved
from designer.progress import Announcement, report

MAX_BYTES = 64e6
"""Size of a field at the frequencies solved that is held at once."""


class Source(Protocol):
    """A driver in an infinite wall; its place is relative to the body's centre."""

    @property
    def place_m(self) -> tuple[float, float, float]:
        """Its place (3,)."""

    def field(self, k: Real, points_m: Real) -> Complex:
        """p_b (F, M)."""

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p_b (F, M) for unit vectors (M, 3)."""


class SolvedSurface(Protocol):
    """Field that a body scatters, at wave numbers in equal steps from 0."""

    @property
    def k_step(self) -> float:
        """Step of the wave numbers, rad/m."""

    @property
    def count(self) -> int:
        """Wave numbers that are solved."""

    def field(self, nodes: Index, points_m: Real) -> Complex:
        """p_s (N, M, L) at consecutive wave numbers, by index (N,), and points (M, 3) from the body's centre."""

    def far_field(self, nodes: Index, directions: Real) -> Complex:
        """The limit of R e^{jkR} p_s (N, M, L) for unit vectors (M, 3)."""


S = TypeVar("S", bound=SolvedSurface)


class SurfaceDrivers(EnclosedDrivers, Generic[S]):
    """Base of drivers on a body that is solved.

    Attributes
    ----------
    centre_m : (3,) float array, of the body
    grid : object, the elements of its surface, around the centre
    pistons : tuple of Source (L), their places from the body's centre
    highest_k : float, rad/m, beyond which each place keeps its level and delay
    coarse : bool, whether the grid is one for fields that follow a hand; then it is not kept on disk
    effort : callable or None, size of the solution, of a problem's body

    """

    body: ClassVar[str]
    """Word for the body in messages."""
    late: ClassVar[float]
    """Delay that is removed in addition to the direct path's, in diagonals of the body: the middle between the first and the last wave."""
    a_turn: ClassVar[int] = FREQUENCIES_A_TURN
    """Frequencies solved to a turn over the body's diagonal."""

    centre_m: Real
    grid: Any
    pistons: Sequence[Source]
    highest_k: float
    coarse: bool
    effort: Callable[[], Effort] | None

    @property
    def half_diagonal_m(self) -> float:
        """Radius of the sphere around the body's centre that holds the body."""
        raise NotImplementedError

    @property
    def k_step(self) -> float:
        """Step of the wave numbers that are solved, rad/m."""
        return step_of(2 * self.half_diagonal_m, self.a_turn)

    @cached_property
    def keys(self) -> list[str]:
        """Key of each frequency's surface on disk."""
        start = digest(code_version("acoustics"), self.grid, self.pistons, self.k_step)
        count = frequencies_solved(2 * self.half_diagonal_m, self.highest_k, self.a_turn)
        return [digest(start, node) for node in range(count)]

    @property
    def is_stored(self) -> bool:
        """Whether the solution is on disk."""
        return is_stored(self.keys)

    @property
    def solved_bytes(self) -> float:
        """Size of what takes the drivers' slopes to pressures at all frequencies solved, in single precision."""
        raise NotImplementedError

    def solved_nodes(self, nodes: list[int]) -> Iterator[Complex]:
        """Kept values of the surface at each of these frequencies, solved now."""
        raise NotImplementedError

    def surface_of(self, values: Complex) -> S:
        """The surface of the kept values at all frequencies."""
        raise NotImplementedError

    def solve(self, progress: Progress | None) -> S:
        """The solution, from memory or disk, or solved now."""
        known = in_memory(self.keys[0], len(self.keys))
        if not known:
            values = read_or_solved(self.keys, self.solved_nodes, progress, stored=not self.coarse)
            known.append(self.surface_of(np.stack(values)))
        solution: S = known[0]
        return solution

    def mean_products(self, node: int) -> Real:
        """Power matrix Q (L, L) at a solved wave number, by its index."""
        raise NotImplementedError

    @cached_property
    def surface(self) -> S:
        """The solution; whoever asks for it first, its size is reported, and how far it is."""
        begin, before = 0.0, -1

        def say(done: int, count: int) -> None:
            nonlocal begin, before
            if before < 0:
                begin, before = time.perf_counter(), done
                if self.effort is not None:
                    whole = self.effort()
                    share = (count - done) / count
                    effort = replace(whole, frequencies=count - done, minutes=share * whole.minutes)
                    report(Announcement(f"solving the {self.body}: {effort}", 60 * effort.minutes))
                return
            left_s = (time.perf_counter() - begin) / (done - before) * (count - done)
            report(f"solving the {self.body}: {done} of {count} frequencies, {left_s:.0f} s left")

        return self.solve(say)

    def prepare(self) -> None:
        """Solve now."""
        _ = self.surface

    @property
    def places_m(self) -> Real:
        """The drivers' places from the body's centre (L, 3)."""
        return np.array([piston.place_m for piston in self.pistons])

    def driver_places_m(self) -> Real:
        """The drivers' own places (L, 3)."""
        return np.asarray(self.centre_m + self.places_m)

    def source_places_m(self) -> Real:
        """The body's centre, around which all of its surface is (L, 3)."""
        return np.tile(self.centre_m, (len(self.pistons), 1))

    def source_extent_m(self) -> Real:
        """Half of the body's diagonal (L,)."""
        return np.full(len(self.pistons), self.half_diagonal_m)

    def extent_m(self, drivers: Sequence[int]) -> float:
        """Radius of the sphere around the origin that holds the body."""
        return float(np.linalg.norm(self.centre_m)) + self.half_diagonal_m

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3) outside the body."""
        from_centre_m = points_m - self.centre_m
        out = np.empty((k.size, len(points_m), len(self.pistons)), dtype=complex)
        size = max(1, int(MAX_BYTES / (16 * len(self.pistons) * max(k.size, self.surface.count))))
        for start in range(0, len(points_m), size):
            some_m = from_centre_m[start : start + size]
            distance_m = np.linalg.norm(some_m[:, None] - self.places_m, axis=-1)

            def at_nodes(nodes: Index, k_nodes: Real, some_m: Real = some_m) -> Complex:
                walls = np.stack([piston.field(k_nodes, some_m) for piston in self.pistons], axis=-1)
                return walls + self.surface.field(nodes, some_m)

            out[:, start : start + size] = self._between(k, -distance_m, at_nodes)
        return out

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""

        def at_nodes(nodes: Index, k_nodes: Real) -> Complex:
            walls = np.stack([piston.far_field(k_nodes, directions) for piston in self.pistons], axis=-1)
            return walls + self.surface.far_field(nodes, directions)

        values = self._between(k, directions @ self.places_m.T, at_nodes)
        return np.asarray(values * phase(np.multiply.outer(k, directions @ self.centre_m))[..., None])

    def _between(self, k: Real, way_m: Real, at_nodes: Callable[[Index, Real], Complex]) -> Complex:
        """A field (F, M, L) whose phase turns as e^{jk way_m} (M, L), interpolated from its values at consecutive solved wave numbers."""
        solved_k = np.minimum(k, self.highest_k)
        few_k, place = np.unique(solved_k, return_inverse=True)
        nodes, plain, conjugate = between(few_k, self.surface.k_step, self.surface.count)
        k_nodes = nodes * self.surface.k_step
        late_m = way_m - 2 * self.late * self.half_diagonal_m
        values = at_nodes(nodes, k_nodes) * phase(np.multiply.outer(-k_nodes, late_m))
        centred = read_between(values, plain, conjugate)[place]
        return np.asarray(centred * phase(np.multiply.outer(solved_k, late_m) + np.multiply.outer(k - solved_k, way_m)))

    @cached_property
    def _solved_power(self) -> Real:
        """Q (N, L, L) at the frequencies solved."""
        at_zero = np.ones((len(self.pistons), len(self.pistons)))
        return np.stack([at_zero, *(self.mean_products(node) for node in range(1, self.surface.count))])

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude."""
        solved_k = np.minimum(k, self.highest_k)
        nodes, plain, conjugate = between(solved_k, self.surface.k_step, self.surface.count)
        return read_between(self._solved_power[nodes].astype(complex), plain, conjugate)


@lru_cache(maxsize=2)
def in_memory(key: str, count: int) -> list[Any]:
    """Memory of the last solutions."""
    return []
