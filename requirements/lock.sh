#!/usr/bin/env bash
# Pin every dependency with its hashes, and with no address in the file.
set -euo pipefail
cd "$(dirname "$0")/.."
pin() { uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
            --python-version 3.11 --no-header --no-annotate --quiet "$@"; }
pin pyproject.toml --output-file requirements/runtime.txt
pin pyproject.toml --extra dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
# What a server installs: deploy/Dockerfile.
pin pyproject.toml --extra postgresql --extra milvus --extra s3 --constraints requirements/dev.txt --output-file requirements/server.txt
printf 'hatchling>=1.27\neditables>=0.5\n' | pin - --output-file requirements/build.txt
# A client library that wants older packages than ours: the tests run it in an environment of its own.
printf 'compreface-sdk==0.6.0\nurllib3<2\nsetuptools<81\n' | pin - --output-file requirements/compreface.txt
