"""Several workers on PostgreSQL: the same gallery moved to a server, and how many searches a second they answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import whole
from benchmarks.measuring import ROOT
from countenance.config import FILE_NAME
from countenance.wiring import move_registry, open_gallery


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Path]:
    """A copy of the gallery whose records lie on a PostgreSQL server that is started for it, as the tests start one."""
    sys.path.append(str(ROOT / "tests"))
    from servers import APP, OWNER, Server

    server = Server()
    try:
        with whole.copied(folder) as copy:
            name = server.copy()
            with open_gallery(copy / "club", account=whole.ANNA, passphrase=whole.WORDS) as club:
                club.sign_in()
                moved = move_registry(club, server.url(name, OWNER), APP)
            config = copy / "club" / FILE_NAME
            text = re.sub(r"(?m)^url = .*sqlite.*$", f'url = "{moved.url}"', config.read_text("utf-8"), count=1)
            if moved.url not in text:
                text += f'\n[registry]\nurl = "{moved.url}"\n'
            config.write_text(text, "utf-8")
            yield copy
    finally:
        server.stop()
