"""How the rules of an index on a server are broken: what it may be, and that nobody who is gone stays or comes back."""

from __future__ import annotations

from breaks.kind import Break

OUTBOX = "unit/gallery/test_outbox.py"
MILVUS = "unit/index/test_milvus.py"

BREAKS = [
    Break(
        "P30",
        "an index that keeps vectors in clear on a disk that nobody said is encrypted",
        (("index/milvus.py", "if not place.encrypted_disk:", "if not place.address:"),),
        f"{MILVUS}::test_p30_it_is_refused_unless_the_disk_is_said_to_be_encrypted",
    ),
    Break(
        "P23",
        "an index on a server that learns from the faces it holds",
        (("config/finding.py", 'index: Literal["flat", "hnsw"] = "flat"', 'index: str = "flat"'),),
        f"{MILVUS}::test_p23_p25_another_place_or_an_index_that_learns_is_refused",
    ),
    Break(
        "P4",
        "a search on a server that looks at one byte of the purposes",
        (
            (
                "index/milvus.py",
                "if (wanted := eligible.purposes >> 8 * byte & 255)",
                "if (wanted := eligible.purposes & 255)",
            ),
        ),
        f"{MILVUS}::test_p4_a_row_is_eligible_if_one_of_its_purposes_is_asked_for",
    ),
    Break(
        "P21",
        "an index that anybody with an account may move",
        (("policy/rules.py", 'Reindex: (*_KEEPER, has_role("controller", "system"))', "Reindex: (*_KEEPER,)"),),
        "unit/cli/test_indexing.py::test_p21_only_a_controller_or_a_system_account_looks_after_the_index",
    ),
    Break(
        "P25",
        "a connection to a server that goes through whatever proxy the environment names",
        (("index/milvus_server.py", '"grpc.enable_http_proxy": 0', '"grpc.enable_http_proxy": 1'),),
        f"{MILVUS}::test_p25_no_proxy_of_the_environment_and_no_file_of_settings_comes_between",
    ),
    Break(
        "P7",
        "a delivery to a server that does not hold the registry meanwhile",
        (
            (
                "gallery/outbox.py",
                "with self._registry.write() as connection:\n            at = ",
                "with self._registry.read() as connection:\n            at = ",
            ),
        ),
        f"{OUTBOX}::test_p7_a_delivery_that_was_late_brings_nobody_back",
    ),
    Break(
        "P7",
        "an erasure that leaves a server alone which is configured and not searched",
        (
            (
                "gallery/following.py",
                "        self._searched.forget()\n        self._server.forget()",
                "        self._searched.forget()",
            ),
        ),
        f"{OUTBOX}::test_p7_a_server_that_is_configured_and_not_searched_loses_the_erased_too",
    ),
    Break(
        "P6",
        "a certificate that does not name a server's files",
        (("gallery/gallery.py", "[*erased.residuals, *self._mirror.remains()]", "[*erased.residuals]"),),
        f"{OUTBOX}::test_p6_an_erasure_leaves_no_row_and_names_the_servers_files_as_what_remains",
    ),
]
