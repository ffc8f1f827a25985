"""Starts the Python reference broker: reference_broker.py PORT NAME POLICY broker|server."""

import asyncio
import os
import sys

# The reference stores every message in DuckLake, an extension that DuckDB looks for below the home folder: the package
# of Tests/requirements.txt is put into the virtual environment instead, so that nothing outside the checkout changes.
os.environ["HOME"] = sys.prefix

import duckdb_extensions  # noqa: E402
import rembus  # noqa: E402


duckdb_extensions.import_extension("ducklake")


async def main(port, name, policy, kind):
    if kind == "server":
        handle = await rembus.server(name=name, port=port)
    else:
        handle = await rembus.component(name=name, port=port, policy=policy, schema=os.environ.get("REMBUS_SCHEMA"))
    print(f"ready on ws://127.0.0.1:{port}", flush=True)
    await handle.wait()


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
