"""A file that leads a browser to the studio. Every user can read a browser's arguments in the list of processes, and the studio's address
holds its token. So the browser's argument is the place of a file that only this user can read, and that is removed soon.
"""

from __future__ import annotations

import html
import os
from pathlib import Path

from designer.studio.private_folder import PrivateFolder

PAGE = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={address}">
<meta name="referrer" content="no-referrer">
<title>Studio</title>
<p>This leads to <a href="{address}">the studio</a>.</p>
"""


class WayIn:
    """A page of its own (mode 0600, in a folder of mode 0700) that leads on to an address.

    Parameters
    ----------
    address : str, with its token

    """

    def __init__(self, address: str) -> None:
        self._folder = PrivateFolder()
        self.path: Path = self._folder.path / "open.html"
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(PAGE.format(address=html.escape(address)))

    def close(self) -> None:
        """Remove it."""
        self._folder.close()
