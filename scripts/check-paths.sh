#!/usr/bin/env bash
# Fails when a file of the repository names a folder that exists on somebody's machine only, or is one that was generated.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A home or a work folder at the start of a path, not a segment inside one (such as a topic or a URL).
readonly pattern='(^|[^A-Za-z0-9_.~/*-])/(home|root|Users|work|farm|opt)/'

# Homebrew's prefix is the same on every machine that has it.
if found=$(git ls-files -co --exclude-standard -z | xargs -0 -r grep -nIE "$pattern" -- | grep -v '/opt/homebrew/'); then
    printf 'paths of one machine; make them relative or settable:\n%s\n' "$found" >&2
    exit 1
fi

# What is made by running something belongs to nobody else.
if found=$(git ls-files -ci --exclude-standard) && [ -n "$found" ]; then
    printf 'files that .gitignore names are committed; git rm --cached them:\n%s\n' "$found" >&2
    exit 1
fi
