"""The examples of docs/http.md, as they are printed there, against a broker."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.http_door import Http, http_port
from support.http_provider import Provider
from support.processes import PATIENCE, Broker

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "http.md").read_text()
TABLES = {"tables": [{
    "table": "reading", "topic": ":dn/reading", "keys": ["dn"],
    "columns": [{"col": "dn", "type": "TEXT"}, {"col": "t", "type": "DOUBLE"}],
}]}


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_examples_do_what_the_page_says(tmp_path, connect):
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    (tmp_path / "schema.json").write_text(json.dumps(TABLES))
    with Broker(folder=tmp_path / "state", options=["--http", "0", "--schema", str(tmp_path / "schema.json")]) as broker:
        Provider(connect("adder", to=broker), "add", sum)
        for block in blocks:
            for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = example.partition("\n")
                command = command.replace("localhost:8341", f"127.0.0.1:{http_port(broker)}")
                # A pattern of the shell that fits no file stays as it is; `[` in an address means nothing.
                done = subprocess.run(
                    ["bash", "-c", command.replace("curl ", "curl -sS -g ", 1)], capture_output=True, text=True, timeout=PATIENCE)
                assert done.returncode == 0, (command, done.stderr)
                assert done.stdout.rstrip("\n") == expected.rstrip("\n"), command


def test_the_page_names_every_reserved_word_and_setting(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none")
    for word in Http(http_port(broker)).get("/").json()["reserved"]:
        assert word in PAGE, word
