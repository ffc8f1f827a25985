"""The OpenAPI document: valid, and true, as schemathesis finds out by asking for everything that it describes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from support.http_gateway import Http, http_port
from support.keys import shared_secret, write_trust


def test_it_is_a_valid_document(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none")
    document = Http(http_port(broker)).get("/openapi.json").json()
    validate(document)
    assert document["openapi"] == "3.1.0"
    assert {"/{topic}", "/rpc/{topic}", "/", "/events/{pattern}", "/metrics"} <= set(document["paths"])
    assert "get" not in document["paths"]["/admin/shutdown"]


#: What the document cannot say.
CONFIGURATION = """
[checks.not_a_server_error]
# What a provider throws, and that there is none, are answers of a gateway; the broker itself must not fail.
expected-statuses = ["2xx", "3xx", "4xx", 502, 503, 504]

[[operations]]
include-path = "/"
# JSON-RPC answers everything with 200.
checks.negative_data_rejection.enabled = false
# Notifications have no answer.
checks.content_type_conformance.enabled = false
checks.response_schema_conformance.enabled = false
"""


@pytest.mark.limit(150)
def test_schemathesis_finds_nothing(start_broker, tmp_path):
    write_trust(tmp_path, admins=["boss"])
    broker = start_broker(folder=tmp_path, options=["--http", "0"], REMBUS_RECORD="none")
    shared_secret("a secret of some length").give(broker, "boss")
    port = http_port(broker)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    done = subprocess.run([
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(tmp_path / "schemathesis.toml"), "run",
        f"http://127.0.0.1:{port}/openapi.json", "--auth", "boss:a secret of some length", "--phases", "fuzzing",
        "--max-examples", "6", "--request-timeout", "5", "--seed", "1", "--continue-on-failure",
        "--suppress-health-check", "all", "--no-color",
        # What is called and what it takes is up to whoever exposes it; names are checked by rules of their own.
        "--exclude-checks", "positive_data_acceptance",
        # A stream has no end, and a broker that was stopped answers nothing more.
        "--exclude-path", "/events/{pattern}", "--exclude-path", "/admin/shutdown",
    ], capture_output=True, text=True, cwd=tmp_path, timeout=140)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    # It did ask for everything.
    assert int(re.search(r"Tested: +(\d+)", done.stdout)[1]) == int(re.search(r"Selected: +(\d+)", done.stdout)[1]) > 30
    assert broker.alive and Http(port).get("/rid").json() == "broker"
