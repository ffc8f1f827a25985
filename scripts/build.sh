#!/usr/bin/env bash
# Builds with SwiftPM and fails when one of our own files gives a warning.
#
#   scripts/build.sh SCRATCH CONFIGURATION [option of swift build]…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly scratch="$1" configuration="$2"
shift 2
readonly log="$scratch/build-$configuration.log"
readonly root="$PWD"

mkdir -p "$scratch"
swift build --scratch-path "$scratch" -c "$configuration" "$@" 2>&1 | tee "$log"

# Files of dependencies live below the scratch folder; they are not ours to mend.
warnings=$(grep -E ': warning: |^warning: ' "$log" \
    | grep -E "^$root/(Sources|Tests|Benchmarks|Examples|Package\.swift)|^warning: '$(basename "$root" | tr '[:upper:]' '[:lower:]')'" \
    | sort -u || true)
[ -n "$warnings" ] || exit 0

printf '\nbuild: these warnings have to go:\n%s\n' "$warnings" >&2
# SwiftPM shows a warning only when it compiles the file: a touched file is compiled, and complained about, next time.
printf '%s\n' "$warnings" | sed -nE 's/^(\/[^:]+\.swift):.*/\1/p' | sort -u | while IFS= read -r file; do touch -- "$file"; done
exit 1
