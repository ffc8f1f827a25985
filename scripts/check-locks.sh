#!/usr/bin/env bash
# Fails when a lock holds a bare closure: each access wraps it once more, without end (see Callback.swift).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly pattern='(Mutex|LockedValueBox|LoopBoundBox)<\(*(@[A-Za-z]+ )*\([^()]*\)( async)?( throws)? -> [^>]*\)?\??>'

if found=$(git ls-files -co --exclude-standard -z -- '*.swift' | xargs -0 -r grep -nE "$pattern" -- | grep -v 'Callback.swift'); then
    printf 'a lock holds a bare closure; use Callback, or a structure with the closure in it:\n%s\n' "$found" >&2
    exit 1
fi
