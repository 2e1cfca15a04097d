"""Two folders change places in one step, where the system can do it: a kill at any moment leaves one of the two at each place.

Linux has renameat2 with RENAME_EXCHANGE (since 3.15; not every file system), macOS renamex_np with RENAME_SWAP.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2  # linux/fs.h
RENAME_SWAP = 2  # sys/stdio.h of macOS
UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


def exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders of one file system; False, with nothing done, where the system cannot.

    Raises
    ------
    OSError : it can, and it failed

    """
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            failed = library.renamex_np(os.fsencode(one), os.fsencode(other), RENAME_SWAP)
        else:
            failed = library.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    except (AttributeError, OSError, TypeError):  # no such function, or no C library to be asked
        return False
    if failed:
        code = ctypes.get_errno()
        if code in UNSUPPORTED:
            return False
        raise OSError(code, os.strerror(code), str(other))
    return True
