"""json_texts.py SEED COUNT -- what PyMongo makes of generated documents and texts, for src/bson/python-json-corpus.test.ts

A line each: `dumps`, the bytes of a document in hexadecimal, the text of `json_util.dumps(bson.decode(bytes))`; or `loads`, a text
(as a JSON string), the bytes of `bson.encode({"v": json_util.loads(text)})`. What PyMongo refuses has an empty last column.
"""
import json
import random
import struct
import sys

import bson
from bson import json_util

CHARS = ["a", '"', "\\", "/", "\b", "\f", "\n", "\r", "\t", "\0", "\x1f", "\x7f", "é", "\u07ff", "\u0800", "€", "\u2028", "\ue000", "\uffff", "😀", "\U0010ffff", ".", "$"]
KEYS = ["", "_id", "a", "label", "$ref", "$id", "$db", "$x", "10", "2", "a.b", "__proto__", 'é"', "$oid"]
JSON_CHARS = ['\\"', "\\\\", "\\/", "/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u001F", "\x7f", "é", "€", "😀", "\\ud83d\\ude00", "\\u00E9", "\ufeff"]
JSON_KEYS = ["", "a", "$x", "10", "a.b", "__proto__", "\\u00e9", "é", "k0", "k1"]


def main(seed, count):
    generator = Generator(random.Random(seed))
    for i in range(count):
        data = generator.document(0)
        print("dumps", data.hex(), attempt(lambda: json_util.dumps(bson.decode(data))), sep="\t")
        text = generator.value_text(0)
        print("loads", json.dumps(text), attempt(lambda: bson.encode({"v": json_util.loads(text)}).hex()), sep="\t")


def attempt(make):
    try:
        return make()
    except Exception:
        return ""


def int32(value):
    return struct.pack("<i", value)


def cstring(text):
    return text.replace("\0", "").encode() + b"\0"


def string(text):
    data = text.encode() + b"\0"
    return int32(len(data)) + data


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.pick = rng.choice

    # documents

    def text(self):
        size = 3000 if self.rng.random() < 0.003 else self.rng.randrange(10)
        return "".join("x" if self.rng.random() < 0.5 else self.pick(CHARS) for _ in range(size))

    def double(self):
        rng = self.rng
        kind = rng.randrange(9)
        if kind == 0:
            return rng.randbytes(8)
        values = [rng.random(), rng.randrange(8000) / 8, round(rng.random() * 1000, rng.randrange(12)), rng.random() * 10.0 ** rng.randrange(-30, 30)]
        values += [self.pick([-0.0, float("nan"), float("inf"), -float("inf")]), float(rng.randrange(10**7)), 2.0 ** rng.randrange(-1000, 1000), -rng.random()]
        return struct.pack("<d", values[kind - 1])

    def date(self):
        rng = self.rng
        ms = [rng.randrange(253402300800000), rng.randrange(2 * 10**9) * 1000, rng.randrange(-62135596800000, 0), self.pick([0, -1, 253402300799999])]
        return struct.pack("<q", self.pick(ms))

    def binary(self):
        subtype = self.pick([0, 0, 1, 2, 3, 4, 5, 6, 9, 128, 255])
        data = self.rng.randbytes(16 if subtype in (3, 4) else self.rng.randrange(10))
        data = int32(len(data)) + data if subtype == 2 else data
        return int32(len(data)) + bytes([subtype]) + data

    def element(self, depth):
        rng = self.rng
        kind = rng.randrange(17 if depth > 3 else 24)
        if kind < 2:
            return 1, self.double()
        if kind < 4:
            return 2, string(self.text())
        if kind == 4:
            return 5, self.binary()
        if kind == 5:
            return 7, rng.randbytes(12)
        if kind == 6:
            return 8, bytes([rng.randrange(2)])
        if kind == 7:
            return 9, self.date()
        if kind == 8:
            return 10, b""
        if kind == 9:
            return 11, cstring(self.text()) + cstring(self.pick(["", "i", "xims", "ulq"]))
        if kind == 10:
            return self.pick([(12, string(self.text()) + rng.randbytes(12)), (13, string(self.text())), (14, string(self.text()))])
        if kind == 11:
            return 16, rng.randbytes(4) if rng.random() < 0.3 else int32(rng.randrange(-100, 1000))
        if kind == 12:
            return 17, rng.randbytes(8)
        if kind == 13:
            return 18, rng.randbytes(8) if rng.random() < 0.5 else struct.pack("<q", rng.randrange(-1000, 1000))
        if kind == 14:
            return 19, bson.Decimal128(f"{rng.randrange(-10**rng.randrange(34), 10**rng.randrange(1, 34))}E{rng.randrange(-6000, 6000)}" if rng.random() < 0.3 else self.pick(["1.10", "NaN", "-Infinity", "0.000001", "1E-7", "-0", "1E3"])).bid
        if kind == 15:
            return self.pick([(6, b""), (127, b""), (255, b"")])
        if kind == 16:
            code, scope = string(self.text()), self.document(depth + 1)
            return 15, int32(4 + len(code) + len(scope)) + code + scope
        return (4 if kind < 20 else 3), self.document(depth + 1, kind < 20)

    def document(self, depth, is_list=False):
        elements = {}
        for i in range(self.rng.randrange(6)):
            key = str(i) if is_list else self.pick([f"k{i}", f"k{i}", self.pick(KEYS), self.text().replace("\0", "")])
            kind, value = self.element(depth)
            elements[key] = bytes([kind]) + cstring(key) + value
        body = b"".join(elements.values()) + b"\0"
        return int32(len(body) + 4) + body

    # texts

    def blank(self):
        return self.pick(["", "", "", " ", "\n", "\t ", "\r\n"])

    def quoted(self):
        size = 2000 if self.rng.random() < 0.003 else self.rng.randrange(8)
        return '"' + "".join("x" if self.rng.random() < 0.5 else self.pick(JSON_CHARS) for _ in range(size)) + '"'

    def wrong_number(self):
        return self.pick(["9223372036854775808", "-9223372036854775809", "01", "1.", ".5", "+1", "1e", "0x1", "-NaN", "-"])

    def number(self):
        rng = self.rng
        return self.pick([
            str(rng.randrange(-1000, 1000)), repr(rng.random()), repr(rng.random() * 10.0 ** rng.randrange(-25, 25)), f"{rng.random():.{rng.randrange(1, 25)}f}",
            str(rng.randrange(-(2**63), 2**63)), f"{rng.randrange(1000)}.{rng.randrange(10**9)}e{rng.randrange(-330, 320)}", f"{rng.randrange(10**19)}.{rng.randrange(10**6)}",
            self.pick(["-0", "-0.0", "NaN", "Infinity", "-Infinity", "1E+5", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "-9223372036854775808"]),
        ])

    def pairs(self, *pairs):
        text = self.blank() + ("," + self.blank()).join(f'"{key}"{self.blank()}:{self.blank()}{value}{self.blank()}' for key, value in pairs)
        return "{" + text + "}"

    def iso_date(self):
        second = self.pick(["56", "56.789", "56.5", "00.000", "59.123456", "60"])
        zone = self.pick(["Z", "Z", "Z", "", "+05:30", "-0800", "+01"])
        return f'"{self.rng.randrange(1, 10000):04}-{self.rng.randrange(1, 14):02}-{self.rng.randrange(1, 33):02}T{self.rng.randrange(25):02}:34:{second}{zone}"'

    def extended(self):
        rng = self.rng
        inner = self.pick([self.number(), self.quoted(), self.pairs(("$numberLong", '"5"')), self.pairs(("a", "1"), ("b", "[1.0]"))])
        oid = f'"{rng.randbytes(12).hex()}"'
        base64 = f'"{self.pick(["", "AA==", "AAE=", "AAEC", "AAECAw==", "AA E=", "AAE"])}"'
        pairs = self.pick([
            [("$oid", oid)], [("$oid", oid.upper())], [("$oid", '"xx"')], [("a", "1"), ("$oid", oid)],
            [("$date", self.iso_date())], [("$date", self.iso_date())], [("$date", rng.randrange(-(10**13), 10**13))], [("$date", rng.random() * 10**12)],
            [("$date", self.pairs(("$numberLong", f'"{rng.randrange(-(10**13), 10**13)}"')))],
            [("$numberInt", f'"{rng.randrange(10**9)}"')], [("$numberInt", "5")], [("$numberLong", f'"{rng.randrange(-10, 10)}"')], [("$numberLong", rng.randrange(2**62))], [("$numberLong", '"1.5"')],
            [("$numberDouble", self.pick(['"1.0"', '"5"', '"NaN"', '"-Infinity"', '"-0.0"', '"1e400"', '" 1_0.5 "', "1.5"]))],
            [("$numberDecimal", self.pick(['"1.10"', '"NaN"', '"-Infinity"', '"1e3"', '"1E-6176"', '"12345678901234567890123456789012345"']))],
            [("$binary", base64), ("$type", self.pick(['"00"', '"ffffff80"', "0", '"2"', "128", '"05"']))], [("$type", '"00"'), ("$binary", base64)],
            [("$binary", self.pairs(("base64", base64), ("subType", self.pick(['"00"', '"2"', '"80"', '"05"']))))],
            [("$uuid", '"00112233-4455-6677-8899-AABBCCDDEEFF"')], [("$regex", '"a.b"'), ("$options", self.pick(['"i"', '"xiz"', '""']))], [("$regex", '"a"')], [("$regex", "5")],
            [("$regularExpression", self.pairs(("options", '"sim"'), ("pattern", '"é"')))], [("$undefined", "true")], [("$symbol", self.quoted())],
            [("$code", '"f()"')], [("$scope", self.pairs(("k", inner))), ("$code", '"f()"')], [("$timestamp", self.pairs(("i", "4294967295"), ("t", "1")))],
            [("$minKey", "1")], [("$maxKey", "1")], [("$minKey", "2")], [("$ref", '"c"'), ("$id", inner)], [("$ref", '"c"')],
            [("x", "1"), ("$id", inner), ("$db", self.pick(["null", '"d"'])), ("$ref", '"c"')],
            [("$dbPointer", self.pairs(("$ref", '"c"'), ("$id", self.pairs(("$oid", oid)))))], [("$x", self.number())],
        ])
        return self.pairs(*pairs)

    def value_text(self, depth):
        kind = self.rng.randrange(7 if depth > 3 else 12)
        if kind < 2:
            return self.quoted()
        if kind < 4:
            return self.wrong_number() if depth == 0 else self.number()
        if kind == 4:
            return self.pick(["true", "false", "null", "tru", "None"] if self.rng.random() < 0.1 else ["true", "false", "null"])
        if kind < 7:
            return self.extended()
        if kind < 10:
            return self.object_text(depth + 1)
        return "[" + self.blank() + (self.blank() + ",").join(self.value_text(depth + 1) for _ in range(self.rng.randrange(5))) + self.blank() + "]"

    def object_text(self, depth):
        return self.pairs(*[(self.pick([f"k{i}", f"k{i}", self.pick(JSON_KEYS)]), self.value_text(depth)) for i in range(self.rng.randrange(6))])


main(sys.argv[1], int(sys.argv[2]))
