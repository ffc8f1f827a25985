"""Opens a broker's catalog the way any other program would: with plain DuckDB and its DuckLake extension."""

import sysconfig
from contextlib import contextmanager
from pathlib import Path

import duckdb

_PACKAGES = Path(sysconfig.get_paths()["purelib"])


def extension(name) -> Path:
    """The file of a DuckDB extension, from the packages of Tests/requirements.txt or beside the broker's library."""
    folders = [_PACKAGES / f"duckdb_extension_{name}" / "extensions"]
    folders += [Path(prefix, "lib/rembus/duckdb") / f"v{duckdb.__version__}" for prefix in ("/usr/local", Path.home() / ".local")]
    return next(found for folder in folders for found in folder.rglob(f"{name}.duckdb_extension"))


@contextmanager
def opened_catalog(url, read_only=True, extensions=(), **options):
    """A connection with the catalog attached as `rl`. `url` is a folder of a broker, or what follows `ducklake:`."""
    if not isinstance(url, str) or "/" in url and Path(url).is_dir():
        url = f"{url}/broker.ducklake"
    with duckdb.connect() as connection:
        for name in ("ducklake", *extensions):
            connection.execute(f"LOAD '{extension(name)}'")
        settings = [f"{key.upper()} '{value}'" for key, value in options.items()] + ["READ_ONLY"] * read_only
        connection.execute(f"ATTACH 'ducklake:{url}' AS rl" + (f" ({', '.join(settings)})" if settings else ""))
        yield connection


def rows(url, sql, **options):
    """The rows of one query over a catalog whose broker is stopped."""
    with opened_catalog(url, **options) as connection:
        return connection.execute(sql).fetchall()
