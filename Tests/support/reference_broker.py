"""Starts the Python reference broker: reference_broker.py PORT NAME POLICY broker|server [UPSTREAM…]."""

import asyncio
import os
import sys

# The reference stores every message in DuckLake, an extension that DuckDB looks for below the home folder: the package
# of Tests/requirements.txt is put into the virtual environment instead, so that nothing outside the checkout changes.
os.environ["HOME"] = sys.prefix

import duckdb_extensions  # noqa: E402
import rembus  # noqa: E402


duckdb_extensions.import_extension("ducklake")


async def main(port, name, policy, kind, *upstreams):
    if kind == "server":
        handle = await rembus.server(name=name, port=port)
    else:
        # With one upstream the handle is the link to it, and waiting for it makes it reactive; with several nothing does.
        url = upstreams[0] if len(upstreams) == 1 else list(upstreams) or None
        handle = await rembus.component(
            url, name=name, port=port, policy=policy, schema=os.environ.get("REMBUS_SCHEMA"))
    print(f"ready on ws://127.0.0.1:{port}", flush=True)
    await handle.wait()


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
