"""Filters over one or two keys of a problem, such as a listener's place: few sets, and what is played between them.

| file | what |
|---|---|
| delay_filter | delays of parts of a sample, as short filters from one table |
| alignment | delays between sets, and sets with these taken off |
| filter_bank | the sets, and the filter at any values of the keys |
| walk | filters that follow values which change while they play |
| section_bank, section_walk | sets of sections, and sections that follow |
| bank_file | `bank.npz`, written and read |

**Structure** (`FilterBank`). Sets stand on a rectangular grid: `axes[k].values` (S_k,) rise, and lie closer where filters change
faster. Of each channel

    taps            (S_1, [S_2,] L, T)   aligned: without the delay of `delay_samples`
    delay_samples   (S_1, [S_2,] L)      >= 0, in samples and parts of one; 0 for a driver that the channel does not use

L counts all drivers of the problem. Where the problem has a word, taps are integers q 2^(shift - fraction_bits), with a shift for each
driver that all sets share.

**Between sets.** Each key's value is limited to the range of its axis. In the cell of 2 (or 4) sets around it, with the shares u_i of
linear (bilinear) interpolation, in sum 1,

    taps = Σ u_i taps_i  (in a word: rounded to the nearest, halves to even),      delay = Σ u_i delay_i
    filter = taps convolved with `delay_taps(delay)`

`delay_taps(d)`: floor(d) zeros, then the DELAY_TAPS numbers of the fraction d - floor(d), which lie on the straight line between
two rows of `TABLE` (PHASES + 1, DELAY_TAPS). It delays by d + DELAY_LATENCY. The filter has `length` taps and `bulk_delay_samples`,
those of the sets' alignment and of the delay filter included, the same at all values.

**Sections** (`SectionBank`). Sets have the numerators of sections side by side in place of taps, and all share their denominators.

**In time** (`walk`). Values come in steps; over the block after a step the output goes over on a straight line from the filter
of the value before to that of the value now: (1 - n/B) y_before[n] + (n/B) y_now[n], n = 0 ... B - 1. The block after it plays the new
filter alone, if no other value has come.

**In firmware** (`designer export`, `designer.export.bank_plan`) C plays the same, the step of a block its fade of 256 samples.

**Folder** (`designer bank`): `bank.npz` holds this structure and nothing else (`bank_file`); `bank.json` holds the problem, its command
and what was proven; `bank.sofa`, `gain.csv` and `report.html` are for others to read.
"""

from designer.bank.filter_bank import Axis, FilterBank

__all__ = ["Axis", "FilterBank"]
