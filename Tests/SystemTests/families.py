"""Reads a page of metrics in protobuf: `io.prometheus.client.MetricFamily`, delimited.

Written from the description of the encoding and the published numbers of the fields, not from what
the server was built with.
"""

import struct

# {field: (name, how it is read)}; a name in brackets may come often, a tuple is a message.
PAIR = {1: ("name", str), 2: ("value", str)}
TIMESTAMP = {1: ("seconds", int), 2: ("nanos", int)}
EXEMPLAR = {1: (["label"], PAIR), 2: ("value", float), 3: ("timestamp", TIMESTAMP)}
BUCKET = {1: ("cumulative_count", int), 2: ("upper_bound", float), 3: ("exemplar", EXEMPLAR)}
SPAN = {1: ("offset", "zigzag"), 2: ("length", int)}
HISTOGRAM = {
    1: ("sample_count", int), 2: ("sample_sum", float), 3: (["bucket"], BUCKET),
    5: ("schema", "zigzag"), 6: ("zero_threshold", float), 7: ("zero_count", int),
    12: (["positive_span"], SPAN), 13: (["positive_delta"], "zigzag")}
NUMBER = {1: ("value", float)}
METRIC = {1: (["label"], PAIR), 2: ("gauge", NUMBER), 3: ("counter", NUMBER),
          7: ("histogram", HISTOGRAM)}
FAMILY = {1: ("name", str), 2: ("help", str), 3: ("type", int), 4: (["metric"], METRIC)}
TYPES = {0: "counter", 1: "gauge", 4: "histogram"}


def families(page):
    """{name: family}, of all bytes of the page."""
    found, position = {}, 0
    while position < len(page):
        length, position = varint(page, position)
        assert position + length <= len(page), "a message that is cut"
        family = message(page[position:position + length], FAMILY)
        position += length
        assert family["name"] not in found and family["metric"]
        found[family["name"]] = family
    return found


def varint(data, position):
    value, shift = 0, 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def message(data, fields):
    found = {name[0]: [] for name, _ in fields.values() if isinstance(name, list)}
    position = 0
    while position < len(data):
        tag, position = varint(data, position)
        name, kind = fields[tag >> 3]
        if tag & 7 == 0:
            value, position = varint(data, position)
            value = (value >> 1) ^ -(value & 1) if kind == "zigzag" else value
            assert kind in (int, "zigzag")
        elif tag & 7 == 1:
            value, = struct.unpack_from("<d", data, position)
            position += 8
            assert kind is float
        else:
            assert tag & 7 == 2
            length, position = varint(data, position)
            value, position = data[position:position + length], position + length
            value = value.decode() if kind is str else message(value, kind)
        if isinstance(name, list):
            found[name[0]].append(value)
        else:
            assert name not in found
            found[name] = value
    return found


def labels(metric):
    return {pair["name"]: pair["value"] for pair in metric["label"]}


def native_buckets(histogram):
    """[(lower bound, upper bound, count)], rising, those of no count left out."""
    base = 2 ** 2 ** -histogram["schema"]
    found = [(0.0, histogram["zero_threshold"], histogram["zero_count"])]
    index, count, deltas = 0, 0, iter(histogram["positive_delta"])
    for span in histogram["positive_span"]:
        index += span["offset"]
        for _ in range(span["length"]):
            count += next(deltas)
            found.append((base ** (index - 1), base ** index, count))
            index += 1
    assert next(deltas, None) is None
    return [each for each in found if each[2]]
