"""Measures every gateway of a broker, and mosquitto next to ours, in one go on one machine.

    make gatewaybench                                    # all gateways, 3 rounds of 3 s
    python3 Benchmarks/Gateways/gateways.py ws tcp --rounds 5 --seconds 5

One publisher, one subscriber, 256 bytes; the subscriber is part of what is measured. The gateways take turns in every round, each
with a broker of its own, so that what else the machine does hits all of them alike; the table has medians. WebSocket, TCP and ZeroMQ are
measured with `rembus bench`, both MQTT brokers with `mqtt_load.c`, HTTP with wrk. Nothing is recorded.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
OURS = {"ws": "--port", "tcp": "--tcp", "zmq": "--zmq", "mqtt": "--mqtt-listen", "http": "--http"}
GATEWAYS = ["ws", "tcp", "zmq", "mqtt", "mosquitto", "http"]
MOSQUITTO = "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n" \
            "max_inflight_messages 0\nmax_queued_messages 0\nlog_type error\n"


class Server:
    """A broker that lives as long as a run."""

    def __init__(self, gateway, folder, binary):
        self.port = free_port()
        if gateway == "mosquitto":
            configuration = Path(folder) / "mosquitto.conf"
            configuration.write_text(MOSQUITTO.format(port=self.port))
            command = [shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"), "-c", str(configuration)]
        else:
            ports = {"--port": "0", OURS[gateway]: str(self.port)}
            command = [binary, "broker", "--record", "none", *(word for pair in ports.items() for word in pair)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("REMBUS_")}
        self.process = subprocess.Popen(
            command, env={**environment, "REMBUS_DIR": folder}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        self.__exit__()
        raise RuntimeError("the broker does not listen")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def cpu_seconds(pid):
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def run(*command, accepts=(0,)):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode not in accepts:
        raise RuntimeError(done.stderr.strip() or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def measure(gateway, qos, server, options):
    """(messages per second, microseconds of broker CPU for each, messages lost)."""
    pid = server.process.pid
    if gateway == "http":
        before = cpu_seconds(pid)
        text = run("wrk", "-t", 1, "-c", 32, "-d", f"{options.seconds}s", "-s", FOLDER / "publish.lua",
                   f"http://127.0.0.1:{server.port}/bench%2Fdoors")
        count = int(re.search(r"(\d+) requests in", text)[1])
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        return rate, (cpu_seconds(pid) - before) * 1e6 / count, int(failed[1]) if failed else 0
    if gateway in ("mqtt", "mosquitto"):
        figures = json.loads(run(options.load, "127.0.0.1", server.port, qos, options.seconds, options.size,
                                 100 if qos else 4096, pid, accepts=(0, 3)))
    else:
        figures = json.loads(run(
            options.binary, "bench", "qos1" if qos else "pub", "--size", options.size, "--secs", options.seconds,
            *([] if qos else ["--window", 4096]), "--json", "--pid", pid, "--url", f"{gateway}://127.0.0.1:{server.port}",
            accepts=(0, 3)))
    return figures["ops_s"], figures["srv_cpu_us_per_op"], figures["lost"]


def median_row(samples):
    return [statistics.median(column) for column in list(zip(*samples))[:2]] + [sum(sample[2] for sample in samples)]


def show(results):
    print(f"\n{'gateway':<12}{'QoS':>4}{'messages/s':>14}{'broker µs each':>16}{'lost':>7}   ratios: speed, CPU")
    for (gateway, qos), samples in results.items():
        rate, cost, lost = median_row(samples)
        reference = {"tcp": "ws", "zmq": "ws", "mqtt": "mosquitto"}.get(gateway)
        ratio = ""
        if (reference, qos) in results:
            other = median_row(results[reference, qos])
            ratio = f"{rate / other[0]:.2f} x, {cost / other[1]:.2f} x of {reference}"
        print(f"{gateway:<12}{qos:>4}{rate:>14,.0f}{cost:>16.2f}{lost:>7}   {ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gateways", nargs="*", metavar="GATEWAY", help=", ".join(GATEWAYS) + " (default: all)")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=256)
    options = parser.parse_args()
    gateways = options.gateways or GATEWAYS
    if unknown := set(gateways) - set(GATEWAYS):
        parser.error(f"unknown gateway {', '.join(unknown)}")
    options.binary = os.environ.get("REMBUS_BIN", str(ROOT / ".build/release/rembus"))
    with tempfile.TemporaryDirectory(prefix="rembus-gateways-") as folder:
        options.load = f"{folder}/mqtt_load"
        run(os.environ.get("CC", "cc"), "-O2", "-pthread", FOLDER / "mqtt_load.c", "-o", options.load)
        cases = [(gateway, qos) for qos in (0, 1) for gateway in gateways if not (gateway == "http" and qos)]
        results = {case: [] for case in cases}
        for number in range(options.rounds):
            for gateway, qos in cases:
                try:
                    with Server(gateway, f"{folder}", options.binary) as server:
                        results[gateway, qos].append(measure(gateway, qos, server, options))
                except (RuntimeError, OSError) as error:
                    print(f"round {number + 1}, {gateway}, QoS {qos}: {error}", file=sys.stderr)
                    continue
                rate, cost, _ = results[gateway, qos][-1]
                print(f"round {number + 1}, {gateway}, QoS {qos}: {rate:,.0f}/s, {cost:.2f} µs", file=sys.stderr)
        show({case: samples for case, samples in results.items() if samples})


if __name__ == "__main__":
    main()
