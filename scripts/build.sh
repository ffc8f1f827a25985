#!/usr/bin/env bash
# Builds with SwiftPM and fails when one of our own files gives a warning.
#
#   scripts/build.sh SCRATCH CONFIGURATION [option of swift build]…
#
# With `--package-path` it builds a package that depends on this one, in the same scratch folder: what both have is compiled once.
# Build this one again afterwards, which only plans it, before anything asks SwiftPM for it without building.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly scratch="$1" configuration="$2"
shift 2
readonly log="$scratch/build-$configuration.log"
readonly root="$PWD"

mkdir -p "$scratch"
# SwiftPM keeps its last plan in the scratch folder, and takes it for the next build even if that is of another package; and
# of a package that another one depends on it does not see by itself that files came or went.
readonly plan="$scratch/$configuration.yaml" elsewhere="$scratch/$configuration.planned-elsewhere"
case " $* " in
    *" --package-path "*)
        rm -f "$plan"
        touch "$elsewhere"
        ;;
    *) [ ! -e "$elsewhere" ] || rm -f "$plan" "$elsewhere" ;;
esac
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
