"""The comparison page in a real browser: no word on its console, figures with a size, switches that switch, text that is found."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from comparison.two_designs import made

from designer.compare import Comparison
from designer.comparison.entry import shared_channels

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium here; `apt-get install chromium` brings it")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=2000",
)
PROBE = """
<pre id="probe"></pre><script>
const errors = [];
addEventListener("error", e => errors.push(String(e.message)));
const box = e => e.getBoundingClientRect();
const shown = n => [...document.querySelectorAll(".design-" + n)].filter(e => getComputedStyle(e).display !== "none").length;
const found = {size: [...document.querySelectorAll("figure svg")].map(e => [box(e).width, box(e).height]), before: shown(1)};
document.querySelector("label[for=show-1]").click();
found.after = shown(1); found.others = shown(0);
document.querySelector("label[for=show-1]").click();
found.again = shown(1);
found.number = window.find("NUMBER");
found.ground = getComputedStyle(document.body).backgroundColor;
found.wide = document.documentElement.scrollWidth - innerWidth;
found.errors = errors;
document.getElementById("probe").textContent = JSON.stringify(found);
</script></body>"""


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    entries = [made("first"), made("other", cancellation_gain_db=[[500, 9]])]
    return Comparison(tuple(entries), tuple(shared_channels(entries)[0]), {}).draw()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_in_a_browser(comparison: Comparison, tmp_path: Path, width: int, dark: bool) -> None:
    """Nothing on the console; every figure has a size; a switch hides one design's curves and no other's, and shows them again."""
    files = comparison.save(tmp_path / "side")
    page = (files / "comparison.html").read_text(encoding="utf-8")
    (number,) = re.findall(r'Mean cancellation gain</th>.*?(-?\d+\.\d)<span class="apart">', page, re.DOTALL)[:1]
    probe = tmp_path / "probe.html"
    probe.write_text(page.replace("</body>", PROBE.replace("NUMBER", number)), encoding="utf-8")
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, *FLAGS, *scheme, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900",
         "--enable-logging=stderr", "--dump-dom", probe.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    (text,) = re.findall(r'<pre id="probe">([^<]+)</pre>', done.stdout)
    found = json.loads(unescape(text))
    assert found["errors"] == []
    assert len(found["size"]) == len(comparison.pictures) == 4
    assert all(w > 300 and h > 100 for w, h in found["size"])
    assert found["before"] > 0 == found["after"]
    assert found["again"] == found["before"] == found["others"]
    assert found["number"] is True
    assert found["ground"] == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
    assert found["wide"] <= 0  # no sideways scrolling of the page itself
