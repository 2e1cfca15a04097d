"""The ears of heads in any device's field, which is made of point sources about the head.

**What the ears hear of it.** Without the head a driver's field about the head's centre is p = Σ a_nm j_n(kρ) Y_nm. A head that is
round about the axis through its ears answers an order n alike for every m, and on that axis every Y_nm with m ≠ 0 is zero, so that
the ears hear of each order one number, P_n, its part about the axis. On the axis itself, at ρ from the centre, P_n(cos 0) = 1 and

    p(ρ) = Σ P_n j_n(kρ):                                                                                         (1)

the incident field on the straight line between the ears says what the ears will hear. A rigid sphere of radius a: with the wave
c_n h_n(kρ) that makes the radial velocity vanish at a, p_ear = Σ P_n (j_n - j_n' h_n/h_n') = Σ P_n (-j)/((ka)² h_n'(ka)), by the
Wronskian j_n h_n' - j_n' h_n = -j/(ka)² of the outgoing h_n of the second kind. For a point source P_n = -jk (2n+1) h_n(kR) P_n(u),
u the cosine between source and ear, and that is Duda and Martens' series.

**How P_n is found.** From point sources, whose orders are known: S of them around the driver's own place are given the strengths
c_s with which they make its field on that line,

    Σ_s V_is c_s = g_i                                                                                            (2)

V and g the field of a source and of the driver at the i-th Chebyshev point between the ears, both over the field of a source at
the driver's place, which takes out what turns fastest. Then p_ear = Σ c_s H(s), H the head's answer to a point source. Over the
head's width the phase of what comes from within `reach` of a place at R differs by 2x between both ends of the arc: x = ka·reach/(2R)
in front of the face, far less where the ears' axis points at the device. S sources reproduce a power series to the order S - 1, so that S
is the first with x^S/S! < MAX_REMAINDER, and no fewer than the near field takes: its polynomials on the line converge as those of a
pole at (R - reach)/a. More sources than that are alike, and their strengths cancel.

The sources stand on an arc about the head's centre, at one distance, in the plane of the ears and the driver: a source and its rotation
about the ears' axis have the same field on the line (1), and a head that is measured in the horizontal plane alone has no directions
outside it. The arc spans the reach; where it would pass the axis, cosines in equal steps. A driver that is a point is its
own source, S = 1, and nothing is fitted.

**Long waves.** Below ka = LONG_WAVES all sources of an arc have nearly the same field. There weights lead from the line to the ears
(`line_weights`): they satisfy (1) for every order that LONG_POINTS of the line distinguish, and are the same for every place and driver.
They grow with ka, because the line does not determine the far ear's shadow: hence the sources above.

**A wide line.** An ear in the shadow of a near device hears orders around ka, and the line between the ears determines (2/π)ka of them.
So the line of a near head that is turned extends beyond its ears (`shaded_ears.wide_line`): it resolves directions more finely, and the
far ear is within 0.05 dB up to ka·reach/R = 5. Above that, the far ear follows from the field on the head's surface; in front of a
cylinder it follows from the cylinder's own waves about the head (`cylinder_ears`), which also cost less than its field far away.

**Measured heads** are treated in the same way: the response to each source is the measured one of its direction, near field and parallax
included. (2) is solved in least squares with the added cost MEASURED_LOADING · trace(V^H V)/S · Σ |c_s|². This keeps Σ |c_s| below about 2,
so that errors of the interpolation are not amplified, and increases the error of the fit by up to 0.1 dB. Within the arc the head counts
as round about its ears' axis, at the driver's elevation.

**Few frequencies.** What a sphere hears, over the wave of a point source from the driver's place to the ear, is smooth in frequency: 80 to
100 Chebyshev points up to 24 kHz determine it within 1e-4 of the loudest driver at that ear. That is 0.02 dB to 50 dB below it, 0.1 dB and
1 degree to 60 dB below, and up to 1 dB in a dip 85 dB below, which no sum of drivers depends on. Measured drivers and measured
heads are not smooth; for such a head the field on the line is. Multiple scattering between head and device is left out. Up to 2 kHz this
costs 0.25 dB beside a sphere like the head at 0.35 m, and 0.02 dB at 2 m; in front of a box of 0.1 x 0.3 x 0.12 m it costs 0.8 dB at
0.35 m, and 0.25 dB at 1 m.

**Above what is solved.** Above the highest wave number K up to which a device is solved its field keeps at each place the level and the
delay that it has at K, and reaches the head as a wave from the driver's place; the rest of what an ear hears at K keeps its own:

    H(k) = b P(k) + [H(K) - b P(K)] e^{-j(k-K)r},                                                                  (3)

P the pressure at the ear for a point source at the driver's place, b the field at K over that source's field at the head's centre, r the
distance from the driver's place to the ear. Ears without a head hear the field itself. (3) divides by no pressure in the head's shadow,
which grows with k. The device is evaluated up to K alone: above it a large box would cost a hundred times as much.

Sources: R. Duda and W. Martens, Range dependence of the response of a spherical head model (JASA 104, 1998); the strengths of equivalent
sources: G. Koopmann, L. Song and J. Fahnline, A method for computing acoustic fields based on the principle of wave superposition
(JASA 86, 1989).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from designer.acoustics.chebyshev import at_few_frequencies, few_save
from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.head_models import Head, Points, Sphere
from designer.acoustics.line_sources import MAX_SINE, arc, between, long_wave_answers, strengths
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.shaded_ears import are_answered, are_shaded, differ, extras, put_shaded_ears, tried, wide_line
from designer.acoustics.sphere_series import head_series
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real

MEASURED_LOADING = 1e-8
MAX_REMAINDER = 1e-4
"""Error of too few sources, as x^S/S! has it: on a sphere and a head of 8.75 cm at 0.35 m within 0.1 dB."""
FEWEST_SOURCES, MOST_SOURCES, STEP_OF_COUNTS = 5, 60, 0.78
"""Counts of sources, and a count over the next: few counts, because the frequencies of one count are computed together."""
EXTENTS = [(MAX_REMAINDER * math.factorial(count)) ** (1 / count) for count in range(1, MOST_SOURCES)]
MIN_SAVED_ENTRIES = 12000
"""Entries of all places' matrices that a count of its own has to save."""
SAVED_ENTRIES_A_POINT = 60
"""Entries that a place's count of its own has to save for each point that it asks the field for."""
MAX_NUMBERS = 2_000_000
"""Frequencies times places times points of the line that are held at once."""
MAX_REMAINDER_NEAR = 1e-6
"""Error of too few sources in the near field, which falls as the polynomials on the line do."""
LONG_WAVES = 3.0
"""ka below which weights lead from the line to the ears."""
MORE_SOURCES = 6  # of a wide line
LEAST_KA_OF_WAVES, LEAST_KA_IN_SHADOW = 2.0, 6.0
"""Smallest ka that a device's own waves answer, where the line of so many points is within 1e-6, and where the line costs less."""
SPREAD, LATE = 1.3, 0.8
"""Arrival at a sphere's ears, in radii of head and device together: around `LATE` behind the wave from the driver's place."""
EXPECTED_ORDERS, EXPECTED_ORDERS_OF_MANY = 256, 64
"""Orders of a device's field at a point; before a cylinder many places share those of few."""


def ears_in_field(
    head: Head, device: Device, k: Real, centres_m: Real, axes: Real, *, among_m: Real | None = None
) -> Complex:
    """Pressure at the ears of heads in a device's field (F, D, 2, L).

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m
    centres_m : (D, 3) float array, of the heads; their ears are outside the device
    axes : (3, 3) float array, the head's axes as rows: forward, left, up
    among_m : (N, 3) float array or None, places that are answered with as many sources each, so that all are one smooth
        function; those asked for by default

    Raises
    ------
    DataError : a measured head is not known in a direction that sound comes from

    """
    if isinstance(device, EnclosedDrivers) and (k > device.highest_k).any():
        return _continued_ears(
            lambda of, some_k: ears_in_field(head, of, some_k, centres_m, axes, among_m=among_m),
            device,
            k,
            centres_m,
            centres_m[:, None] + np.stack([axes[1], -axes[1]]) * head.radius_m,
        )
    places_m, reach_m = device.source_places_m(), device.source_extent_m()
    pressure = np.empty((k.size, len(centres_m), 2, len(places_m)), dtype=complex)
    if isinstance(head, Points):
        sides = np.stack([axes[1], -axes[1]]) * head.radius_m
        field = device.field(k, (centres_m[:, None] + sides).reshape(-1, 3))
        return np.asarray(field.reshape(pressure.shape))
    if not isinstance(head, Sphere) or isinstance(device, MeasuredDrivers):
        return _ears(head, device, k, centres_m, axes, among_m)
    ears_m = centres_m[:, None] + np.stack([axes[1], -axes[1]]) * head.radius_m
    away_m = np.linalg.norm(ears_m[:, :, None] - places_m, axis=-1)  # (D, 2, L)

    def relative(part: Real) -> Complex:
        ears = _of_sphere(head, device, part, centres_m, axes, among_m)
        return np.asarray(ears * phase(np.multiply.outer(part, away_m)) * away_m)

    extent_m = head.radius_m + max(head.radius_m, float(reach_m.max()))
    extra = extras(device, k, head.radius_m, centres_m, axes[1])
    if not few_save(k, SPREAD * extent_m, extra):
        return _of_sphere(head, device, k, centres_m, axes, among_m)
    few = at_few_frequencies(relative, k, SPREAD * extent_m, late_m=LATE * extent_m, extra=extra)
    return np.asarray(few * phase(-np.multiply.outer(k, away_m)) / away_m)


def _continued_ears(
    ears: Callable[[Device, Real], Complex], device: EnclosedDrivers, k: Real, centres_m: Real, ears_m: Real
) -> Complex:
    """Pressure at the ears (F, D, 2, L): equation (3) beyond `device.highest_k`, and the ears themselves below.

    Parameters
    ----------
    ears : callable, a device and wave numbers (Q,) -> pressure (Q, D, 2, L)
    k : (F,) float array, wave number, rad/m
    centres_m : (D, 3) float array, of the heads
    ears_m : (D, 2, 3) float array

    """
    last, beyond = np.array([device.highest_k]), np.flatnonzero(k > device.highest_k)
    solved_k, place = np.unique(np.minimum(k, last), return_inverse=True)
    out = ears(device, solved_k)[place]
    places_m = device.driver_places_m()
    sources = FreeField([Disc(place_m) for place_m in places_m])
    points = ears(sources, np.append(k[beyond], last))
    points *= (device.field(last, centres_m) / sources.field(last, centres_m))[:, :, None]
    away_m = np.linalg.norm(ears_m[:, :, None] - places_m, axis=-1)  # (D, 2, L)
    out[beyond] -= points[-1]
    out[beyond] *= phase(-np.multiply.outer(k[beyond] - last, away_m))
    out[beyond] += points[:-1]
    return np.asarray(out)


def _of_sphere(head: Sphere, device: Device, k: Real, centres_m: Real, axes: Real, among_m: Real | None) -> Complex:
    """Result of `ears_in_field` at each frequency by itself: from the line, and from waves or the surface where that tells less."""
    is_exact = are_answered(device, k, head.radius_m, centres_m, axes[1], among_m)
    ears = np.empty((k.size, len(centres_m), 2, len(device.source_places_m())), dtype=complex)
    if isinstance(device, EnclosedDrivers) and is_exact.any():
        ears[:, is_exact] = device.ears_of_balls(k, head.radius_m, centres_m[is_exact], axes[1])[0]
    if not is_exact.all():
        ears[:, ~is_exact] = _ears_by_line(head, device, k, centres_m[~is_exact], axes, among_m)
    return ears


def _ears_by_line(head: Sphere, device: Device, k: Real, centres_m: Real, axes: Real, among_m: Real | None) -> Complex:
    """Result of `_of_sphere` of heads that the device itself does not answer at every frequency."""
    ears = np.empty((k.size, len(centres_m), 2, len(device.source_places_m())), dtype=complex)
    if not isinstance(device, EnclosedDrivers) or not device.has_waves:
        is_wide, wide = wide_line(device, k, head.radius_m, centres_m if among_m is None else among_m, axes[1])
        for part, width in ((~is_wide, 1.0), (is_wide, wide)):
            if part.any():
                ears[part] = _ears(head, device, k[part], centres_m, axes, among_m, width)
        put_shaded_ears(ears, device, k, centres_m, axes, head.radius_m, among_m)
        return ears
    is_dear = device.is_dear(float(k.max()), head.radius_m, centres_m)
    by_waves = np.multiply.outer(k * head.radius_m > LEAST_KA_OF_WAVES, is_dear)
    shaded = are_shaded(device, k, head.radius_m, centres_m, axes[1])
    places = np.flatnonzero(shaded.any(axis=0) & ~is_dear)
    if places.size:
        index = tried(k, np.asarray(shaded.any(axis=1)))
        line = _ears(head, device, k[index], centres_m[places], axes, among_m)
        answers, known = device.ears_of_balls(k[index], head.radius_m, centres_m[places], axes[1])
        differs = (differ(line, answers) & known).any(axis=0)
        # Where half of the places take waves, all do: the line of few places costs nearly what that of all does.
        places = places[differs] if 2 * differs.sum() < len(centres_m) else np.arange(len(centres_m))
        by_waves[:, places] |= k[:, None] * head.radius_m > LEAST_KA_IN_SHADOW
    index, places = (np.flatnonzero(by_waves.any(axis=axis)) for axis in (1, 0))
    if index.size:
        block = np.ix_(index, places)
        ears[block], known = device.ears_of_balls(k[index], head.radius_m, centres_m[places], axes[1])
        by_waves[block] &= known
    if (others := np.flatnonzero(~by_waves.all(axis=1))).size:
        line = _ears(head, device, k[others], centres_m, axes, among_m)
        ears[others] = np.where(by_waves[others, :, None, None], ears[others], line)
    return ears


def _ears(
    head: Head, device: Device, k: Real, centres_m: Real, axes: Real, among_m: Real | None, width: float = 1.0
) -> Complex:
    """Result of `ears_in_field`, at each frequency by itself."""
    places_m, reach_m = device.source_places_m(), device.source_extent_m()
    sources, source_of = np.unique(np.column_stack([places_m, reach_m]), axis=0, return_inverse=True)
    counts = _source_counts(head, k, sources, centres_m if among_m is None else among_m, axes[1])
    counts += MORE_SOURCES * (width > 1)
    expected = EXPECTED_ORDERS_OF_MANY if isinstance(device, EnclosedDrivers) and device.has_waves else EXPECTED_ORDERS
    step = max(1, MAX_NUMBERS // (k.size * len(sources) * max(int(counts.max()), expected)))
    parts = [
        _some_ears(head, device, k, counts, centres_m[start : start + step], axes, sources, source_of.ravel(), width)
        for start in range(0, len(centres_m), step)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _source_counts(head: Head, k: Real, sources: Real, centres_m: Real, ear_axis: Real) -> Index:
    """Sources (F,) with which frequencies are answered at all places: as many as x and the nearest field ask for.

    Frequencies whose matrices would save fewer entries than are worth a block take the next count.
    """
    if not sources[:, 3].any():
        return np.ones(k.size, dtype=int)
    way_m = (sources[:, None, :3] - centres_m)[sources[:, 3] > 0]
    reach_m = sources[sources[:, 3] > 0, 3, None]
    away_m = np.linalg.norm(way_m, axis=-1)  # (G, D)
    lateral = np.clip(way_m @ ear_axis / away_m, -1.0, 1.0)
    half = np.arcsin(np.minimum(reach_m / away_m, MAX_SINE))
    ends = np.cos(np.clip(np.arccos(lateral) + np.multiply.outer([-1, 1], half), 0.0, np.pi))  # (2, G, D)
    ways_m = [
        np.sqrt(away_m**2 + head.radius_m * (head.radius_m - 2 * side * away_m * np.stack([lateral, *ends])))
        for side in (-1, 1)
    ]
    aside = 1 + np.abs(lateral) * np.sqrt(1 - lateral**2)  # more where an oblique arc leaves an ear in the shadow
    extent = max(float((aside * np.abs(way_m[1:] - way_m[0])).max()) for way_m in ways_m) / 2 * k
    extent += head.radius_m * float((reach_m / away_m**2).max())
    nearest = max(float((away_m - reach_m).min()) / head.radius_m, 1.1)
    fewest = math.ceil(math.log(MAX_REMAINDER_NEAR) / -math.acosh(nearest))
    needed = np.maximum(
        np.searchsorted(EXTENTS, extent, side="right") + 1, min(max(fewest, FEWEST_SOURCES), MOST_SOURCES)
    )
    counts = [int(needed.max())]
    while counts[-1] > needed.min():
        counts.append(math.ceil(STEP_OF_COUNTS * counts[-1] - 1e-9))
    counts.reverse()
    index = np.searchsorted(counts, needed)
    sizes = np.bincount(index[~_is_long(head, k)], minlength=len(counts)).tolist()
    # A block of a measured head interpolates its directions anew.
    worth = MIN_SAVED_ENTRIES * (10 if isinstance(head, MeasuredHead) else 1) // len(centres_m)
    for n in range(len(counts) - 1):
        if sizes[n] * (counts[n + 1] ** 2 - counts[n] ** 2) < worth + SAVED_ENTRIES_A_POINT * counts[n]:
            sizes[n + 1] += sizes[n]
            index[index == n] = n + 1
    return np.array(counts)[index]


def _is_long(head: Head, k: Real) -> Bool:
    """Whether the line itself is answered (F,)."""
    return np.asarray(isinstance(head, Sphere) & (k * head.radius_m < LONG_WAVES))


def _some_ears(
    head: Head,
    device: Device,
    k: Real,
    counts: Index,
    centres_m: Real,
    axes: Real,
    sources: Real,
    source_of: Index,
    width: float,
) -> Complex:
    """Ears (F, D, 2, L) from places with reaches (G, 4), each driver's (L,), by `counts` (F,) sources, on a line of `width` radii."""
    rays = (sources[:, None, :3] - centres_m) @ axes.T  # (G, D, 3) in the head's axes
    distance_m = np.linalg.norm(rays, axis=-1)
    rays = rays / distance_m[..., None]
    out = np.empty((k.size, len(centres_m), 2, source_of.size), dtype=complex)
    blocks = [(count, np.flatnonzero(counts == count)) for count in np.unique(counts).tolist()]
    lines_m = [width * head.radius_m * between(count) for count, _ in blocks]  # to the left ear
    points_m = [(centres_m[:, None] + along_m[:, None] * axes[1]).reshape(-1, 3) for along_m in lines_m]
    fields = _over_wave(head, device, k, [index for _, index in blocks], points_m, float(sources[:, 3].max()))
    long, loading = _is_long(head, k), MEASURED_LOADING if isinstance(head, MeasuredHead) else 0.0
    for groups in (np.flatnonzero(sources[:, 3] == 0), np.flatnonzero(sources[:, 3])):
        if not groups.size:
            continue
        heard = _heard(head, k, distance_m[groups].ravel())
        around = rays[groups].reshape(-1, 3)
        sine = (sources[groups, 3, None] / distance_m[groups]).ravel()
        for (count, index), along_m, field in zip(blocks, lines_m, fields, strict=True):
            on_line = field.reshape(index.size, len(centres_m), count, -1)
            in_long = long[index] & sine.any()
            short, in_short = index[~in_long], on_line[~in_long] if in_long.any() else on_line
            arcs = arc(around, sine, count) if sine.any() else around[:, None]
            pressure = heard(short, arcs).reshape(short.size, *distance_m[groups].shape, 2, -1) if short.size else None
            for n, group in enumerate(groups):
                (drivers,) = np.nonzero(source_of == group)
                line = distance_m[group], rays[group][:, 1:2]
                if in_long.any():
                    answers = long_wave_answers(head.radius_m, k[index[in_long]], count, *line)
                    both = answers @ on_line[in_long][..., drivers]
                    out[index[in_long][:, None], ..., drivers] = both.transpose(0, 3, 1, 2)
                if pressure is not None:
                    aside = arcs.reshape(groups.size, len(centres_m), -1, 3)[n, ..., 1]
                    solved = strengths(k[short], along_m, *line, aside, in_short[..., drivers], loading)
                    out[short[:, None], ..., drivers] = (pressure[:, n] @ solved).transpose(0, 3, 1, 2)
    return out


def _over_wave(
    head: Head, device: Device, k: Real, indices: list[Index], points_m: list[Real], reach_m: float
) -> list[Complex]:
    """The device's `over_wave` of blocks; before a measured head, whose ears are not smooth in frequency, from few frequencies."""
    if not isinstance(head, MeasuredHead) or isinstance(device, MeasuredDrivers):
        return device.over_wave(k, list(zip(indices, points_m, strict=True)))

    def from_few(index: Index, some_m: Real) -> Complex:
        def relative(few: Real) -> Complex:
            return device.over_wave(few, [(np.arange(few.size), some_m)])[0]

        return at_few_frequencies(relative, k[index], 2 * reach_m, late_m=reach_m)

    return [from_few(index, some_m) for index, some_m in zip(indices, points_m, strict=True)]


def _heard(head: Head, k: Real, distance_m: Real) -> Callable[[Index, Real], Complex]:
    """The head's `pressure` at some of the frequencies, in directions given with them: a sphere's series serves all."""
    if not isinstance(head, Sphere):
        return lambda index, rays: head.pressure(k[index], distance_m, rays)
    series = head_series(k, head.radius_m, distance_m)
    return lambda index, rays: series(index, rays[..., 1])
