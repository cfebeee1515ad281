"""How the rule that a cluster learns nothing of a face is broken (P27)."""

from __future__ import annotations

from breaks.kind import Break

BREAKS = [
    Break(
        "P27",
        "a cluster's worker that answers in clear",
        (("ingest/ray_worker.py", "return seal(pack(answer), self._public, path), b", "return pack(answer), b"),),
        "unit/ingest/test_ray_worker.py::test_p27_what_leaves_a_clusters_worker_is_sealed_to_the_run",
    ),
]
