#!/usr/bin/env bash
# Installs the header, the shared library and the extensions of DuckDB where the compiler, pkg-config and the broker look
# for them. Sourced by scripts/setup.sh, whose `say`, `stop`, `has`, `as_root`, `install_missing` and `find_python` it uses.
#
# Into DUCKDB_PREFIX, by default /usr/local with root's rights and ~/.local without:
#
#   include/duckdb.h   lib/libduckdb.so   lib/pkgconfig/duckdb.pc   lib/rembus/duckdb/v1.5.5/*.duckdb_extension
#
# An installed DuckDB of the same version is used instead of another copy; so is Homebrew's.

readonly duckdb_pins="scripts/duckdb.versions"

# The prefix to install into: one that is complete already, else the first one that may be written.
duckdb_prefix() {
    local candidate
    if [ -n "${DUCKDB_PREFIX:-}" ]; then
        printf '%s\n' "$DUCKDB_PREFIX"
        return 0
    fi
    for candidate in /usr/local "$HOME/.local"; do
        if cmp -s "$duckdb_pins" "$candidate/lib/rembus/duckdb/versions"; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    if [ -w /usr/local/lib ] || sudo -n true 2>/dev/null; then
        printf '/usr/local\n'
    else
        printf '%s\n' "$HOME/.local"
    fi
}

# Runs a command with the rights that the prefix needs.
duckdb_as_owner() {
    if [ -w "$duckdb_target/lib" ]; then "$@"; else as_root "$@"; fi
}

# library_version FILE: what the library says of itself, "v1.5.5"; nothing when it does not load.
duckdb_library_version() {
    "$duckdb_python" - "$1" 2>/dev/null <<'PYTHON' || true
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.duckdb_library_version.restype = ctypes.c_char_p
print(library.duckdb_library_version().decode())
PYTHON
}

# Looks for a DuckDB of this version that something else installed; sets duckdb_include and duckdb_library.
duckdb_find_installed() {
    local folder library homebrew=""
    if [ "$(uname -s)" = Darwin ] && has brew; then
        homebrew=$(brew --prefix)
        # Homebrew has the newest DuckDB only: taken when that is the version that the extensions are made for.
        if ! [ -e "$homebrew/include/duckdb.h" ] && brew info duckdb 2>/dev/null | head -n 1 | grep -qF "$duckdb_version"; then
            say "installing with Homebrew: duckdb"
            brew install --quiet duckdb >&2 || true
        fi
    fi
    for folder in "$duckdb_target" /usr/local /usr $homebrew; do
        [ -e "$folder/include/duckdb.h" ] || continue
        for library in "$folder/lib/$duckdb_file" "$folder/lib/$(uname -m)-linux-gnu/$duckdb_file"; do
            [ -e "$library" ] || continue
            if [ "$(duckdb_library_version "$library")" = "v$duckdb_version" ]; then
                duckdb_include="$folder/include" duckdb_library="$library"
                return 0
            fi
        done
    done
    return 1
}

# Sets duckdb_python to a Python that has pip: the system's, else one in a virtual environment of the work folder.
duckdb_find_pip() {
    local python
    duckdb_python=python3
    python3 -m pip --version >/dev/null 2>&1 && return 0
    if ! python=$(find_python); then
        [ "$(uname -s)" != Linux ] || install_missing python3 python3-venv
        python=$(find_python) || stop "DuckDB is fetched with pip: install Python with its venv module and run this again."
    fi
    "$python" -m venv "$duckdb_work/venv"
    duckdb_python="$duckdb_work/venv/bin/python"
}

# duckdb_pip PINS [option]…: downloads what the file names, checksums compared by pip, into the work folder.
duckdb_pip() {
    local pins="$1"
    shift
    "$duckdb_python" -m pip download --quiet --no-input --disable-pip-version-check --no-deps \
        --requirement "$pins" --dest "$duckdb_work/files" "$@" >&2
}

# duckdb_pins_of PACKAGE…: the lines of these packages, with their checksums.
duckdb_pins_of() {
    awk -v names=" $* " '/^[a-z]/ { split($1, part, "=="); wanted = index(names, " " part[1] " ") } wanted && !/^(#|$)/' "$duckdb_pins"
}

duckdb_download_wheels() {
    local platforms
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) platforms="manylinux_2_28_x86_64 manylinux2014_x86_64" ;;
        Linux-aarch64) platforms="manylinux_2_28_aarch64 manylinux2014_aarch64" ;;
        Darwin-arm64) platforms="macosx_11_0_arm64" ;;
        *) say "there are no DuckDB wheels for $(uname -sm): install DuckDB ${duckdb_version} and its extensions yourself."; return 0 ;;
    esac
    duckdb_pins_of "$@" >"$duckdb_work/wheels.txt"
    # shellcheck disable=SC2086 # one option per platform
    duckdb_pip "$duckdb_work/wheels.txt" --only-binary=:all: --python-version 3.12 --implementation cp \
        $(printf -- '--platform %s ' $platforms)
}

# duckdb_extract NAME TARGET: the file of that name out of the downloaded archives.
duckdb_extract() {
    "$duckdb_python" - "$duckdb_work/files" "$1" "$2" <<'PYTHON'
import pathlib, sys, tarfile, zipfile
folder, name, target = sys.argv[1:]
for archive in sorted(pathlib.Path(folder).iterdir()):
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.namelist():
                if entry.rsplit("/", 1)[-1] == name:
                    pathlib.Path(target).write_bytes(wheel.read(entry))
                    sys.exit(0)
    elif archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as source:
            for entry in source:
                if entry.isfile() and entry.name.endswith("/src/include/" + name):
                    pathlib.Path(target).write_bytes(source.extractfile(entry).read())
                    sys.exit(0)
sys.exit(f"setup: there is no {name} in what was downloaded")
PYTHON
}

# Puts library and header into the work folder. The source's metadata is prepared by pip, nothing of it is compiled.
duckdb_download_library() {
    local source
    source="$duckdb_work/source.txt"
    duckdb_pins_of duckdb >"$source"
    duckdb_pip "$source" --no-binary=duckdb
    duckdb_extract duckdb.h "$duckdb_work/duckdb.h"
    if [ "$(uname -s)-$(uname -m)" = Linux-aarch64 ]; then
        say "there is no wheel with DuckDB's library for this machine: put libduckdb.so ${duckdb_version} where the loader finds it; until then the broker runs without tables."
        return 0
    fi
    duckdb_download_wheels bareduckdb
    duckdb_extract "$duckdb_file" "$duckdb_work/$duckdb_file"
}

duckdb_install_files() {
    local name extensions="$duckdb_target/lib/rembus/duckdb"
    duckdb_as_owner mkdir -p "$duckdb_target/include" "$duckdb_target/lib/pkgconfig" "$extensions/v$duckdb_version"
    if [ -e "$duckdb_work/duckdb.h" ]; then
        duckdb_as_owner install -m 644 "$duckdb_work/duckdb.h" "$duckdb_target/include/duckdb.h"
    fi
    if [ -e "$duckdb_work/$duckdb_file" ]; then
        duckdb_as_owner install -m 755 "$duckdb_work/$duckdb_file" "$duckdb_target/lib/$duckdb_file"
        [ "$(uname -s)" != Linux ] || [ "$duckdb_target" != /usr/local ] || as_root ldconfig
    fi
    # A library of Homebrew is not where every macOS program looks.
    if [ "$(uname -s)" = Darwin ] && [ -n "$duckdb_library" ] && [ "$duckdb_library" != "$duckdb_target/lib/$duckdb_file" ]; then
        duckdb_as_owner ln -sf "$duckdb_library" "$duckdb_target/lib/$duckdb_file"
    fi
    for name in $duckdb_extensions; do
        duckdb_as_owner install -m 644 "$duckdb_work/$name.duckdb_extension" "$extensions/v$duckdb_version/"
    done
    # No Libs: the broker opens the library itself, so that it also starts without.
    printf 'Name: duckdb\nDescription: DuckDB, of which the library is opened at run time\nVersion: %s\nCflags: -I%s\n' \
        "$duckdb_version" "${duckdb_include:-$duckdb_target/include}" >"$duckdb_work/duckdb.pc"
    duckdb_as_owner install -m 644 "$duckdb_work/duckdb.pc" "$duckdb_target/lib/pkgconfig/duckdb.pc"
    duckdb_as_owner install -m 644 "$duckdb_pins" "$extensions/versions"
}

prepare_duckdb() {
    local duckdb_target duckdb_version duckdb_file=libduckdb.so duckdb_work duckdb_python
    local duckdb_include="" duckdb_library="" duckdb_extensions="ducklake sqlite_scanner postgres_scanner httpfs" name
    duckdb_target=$(duckdb_prefix)
    # The copied pins are written last: equal ones say that the installation is finished and current.
    ! cmp -s "$duckdb_pins" "$duckdb_target/lib/rembus/duckdb/versions" || return 0

    duckdb_version=$(sed -nE 's/^duckdb==([0-9.]+).*/\1/p' "$duckdb_pins")
    [ "$(uname -s)" != Darwin ] || duckdb_file=libduckdb.dylib
    duckdb_work=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf -- '$duckdb_work'" EXIT
    mkdir -p "$duckdb_work/files"
    mkdir -p "$duckdb_target/lib" 2>/dev/null || true
    duckdb_find_pip

    if duckdb_find_installed; then
        say "using the DuckDB ${duckdb_version} of ${duckdb_library}"
    else
        say "installing DuckDB ${duckdb_version} into ${duckdb_target}"
        duckdb_download_library
    fi
    # shellcheck disable=SC2046 # package names hold no spaces
    duckdb_download_wheels $(printf 'duckdb-extension-%s ' $duckdb_extensions | tr _ -)
    for name in $duckdb_extensions; do duckdb_extract "$name.duckdb_extension" "$duckdb_work/$name.duckdb_extension"; done
    duckdb_install_files
    rm -rf -- "$duckdb_work"
    trap - EXIT
}
