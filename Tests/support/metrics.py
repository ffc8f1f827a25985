"""Reads the metrics of a broker as a scraper does."""

import re
import urllib.request

from support.processes import PATIENCE

_SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Metrics:
    """What one scrape said. `metrics("name", label="value")` is the sum of the values with these labels."""

    def __init__(self, text):
        self.text = text
        self.types = {}
        self.samples = []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} comes twice"
                self.types[name] = kind
            elif not line.startswith("#"):
                name, labels, value = _SAMPLE.match(line).groups()
                pairs = {key: re.sub(r"\\.", lambda found: _ESCAPES[found[0]], content)
                         for key, content in _LABEL.findall(labels or "")}
                self.samples.append((name, pairs, float(value)))

    def __call__(self, wanted, **labels):
        return sum(value for name, pairs, value in self.samples
                   if name == wanted and all(pairs.get(key) == str(label) for key, label in labels.items()))

    def by(self, wanted, label):
        """The values of one metric by one of its labels."""
        return {pairs[label]: value for name, pairs, value in self.samples if name == wanted and label in pairs}

    @property
    def names(self):
        """Metrics that have values."""
        names = set()
        for name, _, _ in self.samples:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            names.add(base if self.types.get(base) == "histogram" else name)
        return names


def metrics_url(broker, path="/metrics"):
    return re.search(r"(http://127\.0\.0\.1:\d+)/metrics", broker.started_with)[1] + path


def scrape(broker) -> Metrics:
    with urllib.request.urlopen(metrics_url(broker), timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(answer.read().decode())
