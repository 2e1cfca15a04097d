"""Makes this folder's table and page: filters at heads that they were not designed for.

    python reports/population/make.py

writes heads.csv and README.md beside it. A test computes a part of the table again.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

import designer
from designer.evaluation.each_head import head_gains_db, left_out_heads
from designer.problem.library import library
from designer.problem.read import changed
from designer.problem.schema import Problem
from designer.realization import response
from designer.requirements.curves import in_band
from designer.result import Result

HERE = Path(__file__).parent
HEADS = {
    "KEMAR": "data/mit_kemar_normal.sofa",
    "sphere, 7.0 cm": "sphere:0.07",
    "sphere, 7.8 cm": "sphere:0.078",
    "sphere, 8.75 cm": "sphere",
    "sphere, 9.7 cm": "sphere:0.097",
}
PERCENTILE = 10.0
MATCHED, MISMATCHED, MEAN, POPULATION = (
    "that head alone",
    "another head alone",
    "the other four, in the mean",
    "the other four, at the 10th percentile",
)


def problem(heads: list[str], *, population: bool = False) -> Problem:
    """The library's soundbar of eight drivers at 2.5 m, its left channel for a list of heads."""
    base = designer.load(library()["soundbar-kemar"][0])
    data = base.model_dump(exclude_unset=True)
    data["listener"]["head"] = heads
    data["designs"] = [table for table in data["designs"] if table["name"] == "left"]
    data["grid"] = {"frequencies": 129}
    data["realization"] = {"taps": 512}
    if population:
        data["population"] = {"percentile": PERCENTILE}
    return changed(base, data)


def gains_db(design: Result, head: str) -> float:
    """Mean gain of the left channel in its band at one head, over its ear cloud."""
    frequency_hz = design.fine_scene.frequency_hz
    judged = designer.scene(problem([head])).at(frequency_hz)
    (table,) = design.problem.designs
    w = response(design.taps["left"], frequency_hz, design.problem.sample_rate_hz)
    (gain,) = head_gains_db(table, w, judged).values()
    return float(gain[in_band(frequency_hz, table.band_hz)].mean())


def rows() -> dict[str, dict[str, list[float]]]:
    """Designed for -> judged at -> gains in dB: one, or one for each of the other heads."""
    alone = {name: designer.design(problem([head])) for name, head in HEADS.items()}
    across = {(of, at): gains_db(alone[of], head) for of in HEADS for at, head in HEADS.items()}
    out = {
        MATCHED: {at: [across[at, at]] for at in HEADS},
        MISMATCHED: {at: [across[of, at] for of in HEADS if of != at] for at in HEADS},
    }
    for words, population in ((MEAN, False), (POPULATION, True)):
        design = designer.design(problem(list(HEADS.values()), population=population))
        without = left_out_heads(design.fine_scene, design.taps, design.problem.realization)["left"].without_it_db
        out[words] = {at: [gain] for at, gain in zip(HEADS, without.values(), strict=True)}
    return out


def table(numbers: dict[str, dict[str, list[float]]]) -> str:
    """Rows as CSV; of several heads their mean and their least."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["designed_for", "head", "mean_gain_db", "least_gain_db"])
    for words, heads in numbers.items():
        for head, gains in heads.items():
            writer.writerow([words, head, f"{np.mean(gains):.2f}", f"{min(gains):.2f}"])
    return out.getvalue()


def page(lines_of_table: list[dict[str, str]]) -> str:
    """README.md, from the table's lines."""
    by_words: dict[str, dict[str, tuple[float, float]]] = {}
    for line in lines_of_table:
        numbers = float(line["mean_gain_db"]), float(line["least_gain_db"])
        by_words.setdefault(line["designed_for"], {})[line["head"]] = numbers
    shown = [f"| designed for | {' | '.join(HEADS)} | mean | least |", f"|{(len(HEADS) + 3) * '---|'}"]
    for words, heads in by_words.items():
        means = [mean for mean, _ in heads.values()]
        least = min(low for _, low in heads.values())
        shown.append(
            f"| {words} | {' | '.join(f'{mean:.1f}' for mean in means)} | {np.mean(means):.1f} | {least:.1f} |"
        )
    lines = [
        "# Many heads",
        "",
        "The left channel of a soundbar of eight drivers over 0.8 m at 2.5 m, asked for 10 to 20 dB of cancellation gain from 0.4 to",
        "6 kHz, judged at each of five heads by filters that were designed for it, for one of the others, or for all others together.",
        "Mean over the band and the ear cloud of +/-3 cm, in dB, of realised taps. Made by `python reports/population/make.py`.",
        "",
        *shown,
        "",
        "Of filters for another head the mean over the four is shown; the last column is the least of all pairs. The numbers are in",
        "[heads.csv](heads.csv). A percentile over heads is what `[population]` designs for: in the mean over heads the best of them may",
        "pay for the worst. Filters cost no more effort than the curve needs, so gains end near what is asked; to ask it of nearly the",
        "worst head gives the others more.",
        "",
        "Published for crosstalk cancellation by three pairs of loudspeakers, a simulation that agreed with a manikin: almost 25 dB on",
        "average with the listener's own head-related transfer functions, and 13 dB with those of somebody else (M. Akeroyd et al., The",
        "binaural performance of a cross-talk cancellation system with matched or mismatched setup and playback acoustics, JASA 121,",
        "2007). Band, layout and method differ, so these numbers rank nothing: there filters of one place, here of five.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the folder."""
    text = table(rows())
    (HERE / "heads.csv").write_text(text, encoding="utf-8")
    (HERE / "README.md").write_text(page(list(csv.DictReader(io.StringIO(text)))), encoding="utf-8")


if __name__ == "__main__":
    main()
