"""Writes pins into the catalog of a Python reference broker: reference_tenants.py BROKER TENANT=PIN…"""

import os
import sys

# As in reference_broker.py: DuckDB looks for its extensions below the home folder.
os.environ["HOME"] = sys.prefix

import duckdb_extensions  # noqa: E402
import rembus  # noqa: E402


duckdb_extensions.import_extension("ducklake")

broker, *pins = sys.argv[1:]
catalog = rembus.dbconnect(broker)
# The table of the reference (storage.md §5), which its first start would make.
catalog.execute("CREATE TABLE IF NOT EXISTS tenant (name TEXT NOT NULL, tenant TEXT NOT NULL, secret TEXT NOT NULL)")
for pin in pins:
    catalog.execute("INSERT INTO tenant VALUES (?, ?, ?)", [broker, *pin.split("=", 1)])
catalog.close()
