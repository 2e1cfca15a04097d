"""`matlab`: GNU Octave loads the file, and filters with its variables as the export's README.txt says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.export.runners.bench import Bench, called, program

SCRIPT = """load filters.mat;
file = fopen('in.bin'); x = fread(file, [numel(channels), Inf], 'double')'; fclose(file);
feeds = zeros(rows(x), numel(drivers));
for f = 1:numel(filter_name)
  signal = x(:, strcmp(channels, filter_channel{f}));
  name = filter_name{f};
  if exist([name '_sos'], 'var')
    sections = eval([name '_sos']); delay = eval([name '_delay']);
    y = [zeros(min(delay, numel(signal)), 1); signal(1 : end - delay)];
    for s = 1:rows(sections), y = filter(sections(s, 1:3), sections(s, 4:6), y); end
  else
    y = filter(eval(name), 1, signal);
  end
  driver = strcmp(drivers, filter_driver{f});
  feeds(:, driver) += y;
end
file = fopen('out.bin', 'w'); fwrite(file, feeds', 'double'); fclose(file);
"""


def run_octave(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels) in double precision. Raises ProgramError: Octave is missing or fails."""
    path = program("octave-cli", "octave")
    signals.astype("<f8").tofile(folder / "in.bin")
    (folder / "play.m").write_text(SCRIPT, encoding="ascii")
    called([path, "--norc", "play.m"], folder)
    return np.fromfile(folder / "out.bin", "<f8").reshape(-1, len(filters.drivers))
