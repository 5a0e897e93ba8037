#!/bin/sh
# Resolve pyproject.toml into hashed requirements without URLs. Needs uv on the PATH.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
compile pyproject.toml --output-file requirements.txt
compile pyproject.toml --extra embedded --group dev --output-file requirements-dev.txt
# What builds the wheel in the Dockerfile, at the version that everything was tested with.
echo 'setuptools' | compile - --constraint requirements-dev.txt --output-file deploy/requirements-build.txt
