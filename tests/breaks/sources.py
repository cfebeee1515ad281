"""How the rules on where photographs may come from are broken (P25, P26)."""

from __future__ import annotations

from breaks.kind import Break

BUCKET = "unit/photos/test_bucket.py"
PLACES = "unit/service/test_places.py"

BREAKS = [
    Break(
        "P25",
        "a store of buckets that may turn us to another host",
        (("photos/bucket.py", "        if not str(request.url).startswith(ours):\n", "        if False:\n"),),
        f"{BUCKET}::test_p25_whatever_wants_to_speak_to_another_host_does_not",
    ),
    Break(
        "P25",
        "a proxy that the environment names",
        (("photos/bucket.py", "proxies={},", "proxies=None,"),),
        f"{BUCKET}::test_p25_the_environment_cannot_name_another_endpoint_or_a_proxy",
    ),
    Break(
        "P25",
        "an endpoint from another program's configuration",
        (
            ("photos/bucket.py", "Session(_NO_FILES)", "Session()"),
            ("photos/bucket.py", "endpoint_url=endpoint,", "endpoint_url=None,"),
            ("photos/bucket.py", "ignore_configured_endpoint_urls=True,", ""),
        ),
        f"{BUCKET}::test_p25_the_environment_cannot_name_another_endpoint_or_a_proxy",
    ),
    Break(
        "P25",
        "a key that is asked of a cloud's metadata service",
        (
            ("photos/bucket.py", "    if not (key and hidden):\n", "    if False:\n"),
            ("photos/bucket.py", "aws_access_key_id=key,", "aws_access_key_id=key or None,"),
        ),
        f"{BUCKET}::test_p25_without_a_key_nobody_is_asked_for_one",
    ),
    Break(
        "P25",
        "a source's root that names more than a bucket",
        (("photos/bucket.py", 'if not _NAME.fullmatch(name) or ".." in name:', "if not name:"),),
        f"{BUCKET}::test_p25_a_root_names_a_bucket_and_nothing_else",
    ),
    Break(
        "P25",
        "a source that is an address of the web",
        (("service/sources.py", "            if _ADDRESS.match(root):\n", "            if False:\n"),),
        f"{PLACES}::test_p25_an_address_is_no_source[https]",
    ),
    Break(
        "P26",
        "photographs that are turned by the configuration to a place that was stopped",
        (("service/engines.py", "    still_apart(context, source.id)\n", ""),),
        f"{PLACES}::test_p26_what_was_stopped_is_not_collected_by_turning_the_setting",
    ),
    Break(
        "P25",
        "a manifest that names addresses",
        (("ingest/manifest.py", 'if "://" in told["path"]:', "if False:"),),
        "unit/ingest/test_manifest.py::test_p25_an_address_is_no_photo_of_the_source",
    ),
    Break(
        "P26",
        "a scraper's sidecar that is passed over",
        (("ingest/marks.py", '    if path + b".json" in names:\n', "    if False:\n"),),
        "unit/ingest/test_marks.py::test_p26_sidecars_of_scrapers_are_known",
    ),
]
