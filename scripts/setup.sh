#!/usr/bin/env bash
# Installs what building, running or testing needs and is missing here, says what it installs and never asks.
#
#   scripts/setup.sh run     what `make run` needs: git and a C toolchain beside Swift, and DuckDB for the tables
#   scripts/setup.sh peers   Python with the test peers of Tests/requirements.txt in .venv, and servers that tests start
#   scripts/setup.sh test    both (the default)
#
# Safe to run again: a finished set-up is recognised and costs a few milliseconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly goal="${1:-test}"
readonly venv=".venv"
readonly requirements="Tests/requirements.txt"
readonly swift_minimum="6.2"
readonly python_minimum="3.11" # what rembus 0.8.23 accepts

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_swift() {
    local version
    local advice="install Swift ${swift_minimum} or newer (https://www.swift.org/install), put its bin folder on PATH and run this again."
    has swift || stop "there is no 'swift' on PATH: ${advice}"
    # The driver keeps its answer on one line: "Swift version 6.3.1 (swift-6.3.1-RELEASE)".
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)*).*/\1/p' | head -n 1)
    [ -n "$version" ] || stop "'swift --version' gave no version: ${advice}"
    at_least "$version" "$swift_minimum" || stop "'swift' on PATH is ${version}: ${advice}"
}

# Runs a command as root: directly, or through sudo without a prompt.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n -- "$@"
    fi
}

# install_missing PACKAGE…
install_missing() {
    [ $# -gt 0 ] || return 0
    has apt-get || stop "missing here: $*. This system has no apt-get, so install them with its own package manager and run this again."
    if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
        stop "missing here: $*. Run this as root, or with a sudo that needs no password."
    fi
    say "installing with apt-get: $*"
    export DEBIAN_FRONTEND=noninteractive
    # sudo drops the environment, so the front end is named again on the command itself.
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# The first Python that is new enough and can make virtual environments.
find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$candidate" -c "
import sys, ensurepip, venv
sys.exit(sys.version_info < tuple(map(int, '${python_minimum}'.split('.'))))" >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

prepare_toolchain() {
    local missing=()
    # SwiftPM fetches with git; linking takes the headers and start-up files that come with the system's compilers.
    has git || missing+=(git)
    has make || missing+=(make)
    if [ "$(uname -s)" = Linux ]; then
        has gcc || missing+=(gcc libc6-dev)
        has g++ || missing+=(g++)
    fi
    # ZeroMQ is linked; everything else that is not Swift is loaded when it is used.
    has pkg-config || missing+=(pkg-config)
    { has pkg-config && pkg-config --exists libzmq; } || missing+=(libzmq3-dev)
    install_missing ${missing[@]+"${missing[@]}"}
}

# Servers that the tests start on loopback, and clients of the gateways.
prepare_servers() {
    [ "$(uname -s)" = Linux ] || return 0
    local missing=()
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
    PATH="$PATH:/usr/sbin" has mosquitto || missing+=(mosquitto)
    has mosquitto_pub || missing+=(mosquitto-clients)
    has promtool || missing+=(prometheus)
    install_missing ${missing[@]+"${missing[@]}"}
}

prepare_python() {
    local python stamp
    # The stamp is the text that decides what .venv contains; a failed set-up leaves none.
    if [ -x "$venv/bin/python" ] && cmp -s "$requirements" "$venv/.stamp" && "$venv/bin/python" -c '' 2>/dev/null; then
        return 0
    fi
    if ! python=$(find_python); then
        [ "$(uname -s)" != Linux ] || install_missing python3 python3-venv
        python=$(find_python) \
            || stop "the interop tests need Python ${python_minimum} or newer with its venv module: install one and run this again."
    fi
    say "making $venv with $("$python" --version) and $(grep -cE '^[a-z]' "$requirements") pinned packages of $requirements"
    "$python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --requirement "$requirements" >&2
    cp "$requirements" "$venv/.stamp"
}

# shellcheck source=scripts/duckdb.sh
. scripts/duckdb.sh

case "$goal" in
    run)
        prepare_toolchain
        check_swift
        prepare_duckdb
        ;;
    peers)
        prepare_servers
        prepare_python
        ;;
    test)
        prepare_toolchain
        check_swift
        prepare_duckdb
        prepare_servers
        prepare_python
        ;;
    *)
        stop "'$goal' is not something to set up: say 'run', 'peers' or 'test'."
        ;;
esac
