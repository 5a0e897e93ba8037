#!/bin/sh
# Resolve pyproject.toml, and the tests' clients, into hashed requirements without URLs. Needs uv on the PATH.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
compile pyproject.toml --output-file requirements.txt
compile pyproject.toml --extra embedded --group dev --output-file requirements-dev.txt
# What the tests speak to the service with, each in an environment of its own: they cannot live in one.
for client in openai2 litellm node; do
	compile "tests/clients/requirements-$client.in" --output-file "tests/clients/requirements-$client.txt"
done
# What builds the wheel in the Dockerfile, at the version that everything was tested with.
echo 'setuptools' | compile - --constraint requirements-dev.txt --output-file deploy/requirements-build.txt
