#!/bin/sh
# Run the tests on every Python from 3.11 to 3.13 that is on the PATH or in pyenv, each in an environment of
# its own under .tuneward/matrix. Arguments go to pytest; without any, all tests run.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- tests

find_python() { # VERSION -> its path, or nothing
	# A pyenv shim may stand for a version that is not installed: only an answer counts.
	for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1"*/bin/python; do
		if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
			command -v "$candidate"
			return
		fi
	done
}

install_into() { # ENVIRONMENT PYTHON
	wanted=$(cat requirements-dev.txt pyproject.toml | cksum)
	[ "$(cat "$1/.installed" 2>/dev/null)" != "$wanted" ] || return 0
	rm -rf "$1"
	"$2" -m venv "$1"
	"$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	"$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	echo "$wanted" > "$1/.installed"
}

failed="" passed="" missing=""
for version in 3.11 3.12 3.13; do
	python=$(find_python "$version")
	if [ -z "$python" ]; then
		echo "== Python $version: not found, skipped"
		missing="$missing $version"
		continue
	fi
	environment=.tuneward/matrix/$version
	echo "== Python $version: $python"
	if install_into "$environment" "$python" &&
		"$environment/bin/python" -m pytest -n "${PYTEST_WORKERS:-4}" "$@"; then
		passed="$passed $version"
	else
		failed="$failed $version"
	fi
done
echo "== passed:${passed:- none}; failed:${failed:- none}; not found:${missing:- none}"
[ -z "$failed" ] && [ -n "$passed" ]
