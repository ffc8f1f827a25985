"""What docs/http.md says beside its examples, which test_docs_blocks.py runs."""

from pathlib import Path

from support.http_gateway import Http, http_port

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "http.md").read_text()


def test_the_page_names_every_reserved_word_and_setting(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none")
    for word in Http(http_port(broker)).get("/").json()["reserved"]:
        assert word in PAGE, word
