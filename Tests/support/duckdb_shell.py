"""What `duckdb -c SQL` does, where only the Python package is there; its extension comes from the packages of the tests."""

import sys

import duckdb
from lake import extension

with duckdb.connect() as connection:
    connection.execute(f"LOAD '{extension('ducklake')}'")
    for statement in filter(str.strip, sys.argv[2].split(";")):
        print(connection.execute(statement).fetchall())
