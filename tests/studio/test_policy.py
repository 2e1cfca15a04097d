"""The studio in a real browser: what its policy stops, and what another page cannot do to it, the token known or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from stereo.small_designs import trio
from toml_text import toml

from studio.serving import Studio, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOTE_VIOLATIONS = (
    "window.refused = []; document.addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective))"
)
NAME = "<img src=x onerror=alert(1)></script><script>window.broken = 1</script>"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A problem whose title, channel and driver are named by somebody who means ill."""
    problem = trio("left", "right")
    problem["title"] = problem["designs"][0]["name"] = problem["drivers"][0]["name"] = NAME
    file = tmp_path_factory.mktemp("policy") / "trio.toml"
    file.write_text(toml(problem))
    with served(file, is_awaited=True) as studio:
        yield studio


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.add_init_script(NOTE_VIOLATIONS)
    yield page
    context.close()


def test_the_page_keeps_to_its_own_policy(studio: Studio, page: Page) -> None:
    """It loads without a violation, shows names as text, and whatever is put into it does not run or reach anybody."""
    page.goto(f"{studio.origin}/?token={studio.token}")
    page.wait_for_function("title => document.body.innerText.includes(title)", arg=NAME)
    assert page.evaluate("window.refused") == []
    assert page.evaluate("window.broken") is None
    assert page.locator("img[src=x]").count() == 0
    page.evaluate("""() => {
        document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.broken = 1">')
        const script = document.createElement('script'); script.textContent = 'window.broken = 1'; document.body.append(script)
        try { new WebSocket('ws://127.0.0.1:1/') } catch {}
    }""")
    assert page.evaluate("fetch('http://localhost:1/').then(() => false).catch(() => true)") is True
    page.wait_for_function("window.refused.length >= 4")
    assert sorted(page.evaluate("window.refused")) == [
        "connect-src",
        "connect-src",
        "script-src-attr",
        "script-src-elem",
    ]
    assert page.evaluate("window.broken") is None


def test_another_page_reaches_nothing(studio: Studio, page: Page) -> None:
    """Though it knows the token: no answer can be read, no upload is taken, no socket opens, no frame shows the studio."""
    page.goto("data:text/html,<title>elsewhere</title>")
    page.evaluate("window.refused = []")
    query = f"?token={studio.token}"
    read = page.evaluate(
        "address => fetch(address).then(r => r.text()).catch(() => 'nothing')", f"{studio.origin}/{query}"
    )
    assert read == "nothing"
    sent = f"{studio.origin}/upload{query}&name=a.wav"
    page.evaluate("address => fetch(address, {method: 'POST', body: 'x', mode: 'no-cors'}).catch(() => 0)", sent)
    with pytest.raises(Exception, match=r"expected excerpt; choose the file again"):
        studio.session.shelf.recording("a.wav")
    opened = page.evaluate(
        "address => new Promise(done => { const s = new WebSocket(address); s.onopen = () => done(true); s.onerror = () => done(false) })",
        f"ws://{studio.host}/socket{query}",
    )
    assert opened is False
    page.set_content(
        f'<iframe src="{studio.origin}/{query}"></iframe><script src="{studio.origin}/studio.js{query}"></script>'
    )
    page.wait_for_timeout(300)
    assert all("studio" not in frame.title().lower() for frame in page.frames)
    assert all(frame.locator("#panels").count() == 0 for frame in page.frames)
