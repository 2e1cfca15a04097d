"""The studio's benches keep fields on disk, as a user's studio does, in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _stored_fields(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if "studio" in request.node.name:
            patch.setenv("DESIGNER_CACHE", str(tmp_path_factory.mktemp("fields")))
        yield
