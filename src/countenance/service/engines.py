"""What looks at the photos of an ingest or a sweep, as the configuration says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError
from countenance.ingest.engine import Engine
from countenance.ingest.local import LocalEngine
from countenance.ingest.parts import Engines, Parts
from countenance.ingest.wire import Made
from countenance.ingest.workers import Setup
from countenance.photos.opening import open_store
from countenance.registry import schema as t
from countenance.service.sources import keep_apart
from countenance.service.sources_apart import still_apart
from countenance.vision.decode import Limits
from countenance.vision.pace import PACES, STANDARD, closest

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.sources import Source

LOCAL, RAY = "local", "ray"
_WORTH = 8
"""Photos that are worth the start of another process."""
_MOST = 4096
"""More processes than any cluster has room for."""


@contextmanager
def at_hand(context: Context, source: Source, engine: str | None = None, detect: str | None = None) -> Iterator[Parts]:
    """What it takes to go through a source, its photos among it. ``engine``: see `engines`.

    ``detect``: how closely the photos are looked at. When None, as configured, and no less closely than any photo of
    the source was before: whoever looks again for somebody wants to see the same faces.

    Raises:
        InputError: The photos lie among our own files, or where they lie is gone or cannot be read.
    """
    settings, root = context.settings, str(source.root)
    looking = detect or closest(settings.vision.detect, *_before(context, source))
    if looking not in PACES:
        raise InputError(f"There is no way of looking {looking!r}.", hint=f"It is one of: {', '.join(PACES)}.")
    keep_apart(context, source.root)
    still_apart(context, source.id)
    with closing(open_store(root, settings)) as store:
        yield Parts(
            context.registry,
            context.gallery,
            context.desk,
            store,
            engines(context, root, engine, looking),
            locks=settings.data / "locks",
            batch=settings.ingest.batch,
            detect=looking,
        )


def engines(context: Context, root: str, engine: str | None = None, detect: str = STANDARD) -> Engines:
    """Makes an engine for so many photos: no more processes than they are worth, nor than there are cores.

    Args:
        context: The gallery.
        root: The source's, which a cluster's machines open themselves.
        engine: ``local`` or ``ray``; as configured when None.
        detect: How closely it looks: ``quick``, ``standard`` or ``thorough``.
    """
    settings = context.settings
    wanted, chosen = settings.vision, engine or settings.ingest.engine
    limits = Limits(max_bytes=wanted.max_bytes, max_pixels=wanted.max_pixels, seconds=wanted.seconds)
    made = Made(context.vision.contract, context.vision.dimension)
    models = (wanted.recogniser, wanted.detector)
    setup = Setup(wanted.backend, wanted.gate, limits, detect=detect, models=models, made=made, flip=wanted.flip)

    def local(photos: int) -> Engine:
        return LocalEngine(min(settings.ingest.workers or _cores(), -(-photos // _WORTH)), setup)

    def cluster(photos: int) -> Engine:
        from countenance.ingest.ray_cluster import HERE, Cluster  # heavy, and an extra
        from countenance.ingest.ray_engine import RayEngine

        address = settings.ray.address
        most = settings.ingest.workers or (_cores() if address == HERE else _MOST)
        workers = min(most, -(-photos // _WORTH))
        return RayEngine(Cluster(address, workers), partial(open_store, root, settings), setup, workers=workers)

    if chosen not in (LOCAL, RAY):
        raise InputError(f"There is no engine {chosen!r}.", hint="It is local or ray.")
    return cluster if chosen == RAY else local


def _before(context: Context, source: Source) -> Iterator[str]:
    """The ways in which photos of this source were looked at."""
    query = sa.select(t.photos.c.detect).distinct().where(t.photos.c.source == source.id, t.photos.c.state == "done")
    with context.registry.read() as connection:
        yield from (detect or STANDARD for detect in connection.scalars(query).all())


def _cores() -> int:
    return len(os.sched_getaffinity(0))
