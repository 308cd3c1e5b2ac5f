"""Reads metrics from standard input as OpenMetrics and in the older format; prints what both make of them, as JSON."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as older


def samples(families):
    return sorted(
        [family.name, family.type, family.documentation, sample.name, sorted(sample.labels.items()), sample.value]
        for family in families
        for sample in family.samples
    )


text = sys.stdin.read()
new, old = samples(openmetrics(text)), samples(older(text))
if new != old:
    sys.exit(f"the two formats say different things:\n{new}\n{old}")
units = {family.name: family.unit for family in openmetrics(text)}
json.dump(
    [
        {"name": name, "type": kind, "unit": units[family], "labels": dict(labels), "value": int(value)}
        for family, kind, _, name, labels, value in new
    ],
    sys.stdout,
)
