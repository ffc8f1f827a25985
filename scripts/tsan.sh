#!/usr/bin/env bash
# Runs tests that were built with the Thread Sanitizer, and fails when it reports anything.
#
#   scripts/tsan.sh SCRATCH
#
# Every process writes its reports to files, brokers and components that tests start included.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch="$(cd "$1" && pwd)"
readonly scratch reports="$scratch/reports"
readonly python="$PWD/.venv/bin/python"
readonly mutex="$scratch/libtsan-mutex.so"

rm -rf "$reports"
mkdir -p "$reports"
# A report does not end the process: the run shows all of them. Tests judge the exit status of processes, so that stays.
export TSAN_OPTIONS="log_path=$reports/report exitcode=0 suppressions=$PWD/scripts/tsan-suppressions.txt"

observed=(env)
if [ "$(uname)" = Linux ]; then
    # The compiler that belongs to the Swift in use: it knows Swift's calling convention.
    clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
    "$clang" -shared -fPIC -O1 -Wall -o "$mutex" scripts/tsan-mutex.c
    observed+=("LD_PRELOAD=$mutex")
fi

failed=0
# Fewer frames: the sanitizer makes everything ten times slower, and races show early.
for suite in RembusSupportTests RembusWireTests RembusTransportTests RembusStoreTests RembusTablesTests RembusIdentityTests RembusTrustTests RembusBrokerTests RembusMetricsTests \
    RembusHTTPTests RembusMQTTTests RembusMQTTServerTests RembusZeroMQTests RembusTests; do
    [ -d "Tests/$suite" ] || continue
    REMBUS_PYTHON="$python" REMBUS_FUZZ_CASES=4000 \
        "${observed[@]}" swift test --scratch-path "$scratch" --sanitize=thread --skip-build --filter "^$suite" || failed=1
done
# Several event loops, also on a small machine.
TEST_THREADS=3 CHAOS_SECONDS=5 CHAOS_SEEDS=1 REMBUS_BIN="$scratch/debug/rembus" \
    "${observed[@]}" "$python" -m pytest -p no:cacheprovider -q \
    Tests/Interop/test_{publish,wildcards,qos,rpc,restart,chaos,gateways_suite,http,http_events,metrics,mqtt_listener,mqtt_sessions,mqtt_component,mqtt_bridge,tcp,zmq}.py || failed=1

if compgen -G "$reports/*" >/dev/null; then
    cat "$reports"/*
    printf 'tsan: %s processes with reports\n' "$(find "$reports" -type f | wc -l)" >&2
    exit 1
fi
[ "$failed" = 0 ] || { printf 'tsan: no report, but tests failed\n' >&2; exit 1; }
printf 'tsan: no report\n'
