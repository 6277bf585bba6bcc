"""Finds secrets in bytes, in whatever spelling, and knows nothing of how Penstock does.

A text is read in all ways that somebody could read it in: as it stands, and with percent-encoding
and JSON's escapes undone, up to three times in any order. In each reading a secret is looked for
as it is, in hexadecimal, and in Base64 behind 0, 1 and 2 bytes. Case does not matter, nor which of
Base64's alphabets: secrets have to be too long to be met by accident.
"""

import base64
import json
import re
import urllib.parse

LEAST_BYTES = 12
READINGS = 3
ESCAPES = re.compile(rb'(?:\\u[0-9a-fA-F]{4})+|\\["\\/bfnrt]')
# `+` for a space is how forms write it.
FOLDED = bytes(ord("+") if each == ord(" ") else
               {ord("-"): ord("+"), ord("_"): ord("/")}.get(each, each)
               for each in bytes(range(256)).lower())


def fold(data):
    return data.translate(FOLDED)


def unescaped(data):
    """JSON's escapes undone, wherever they stand."""
    def undo(match):
        return json.loads(b'"' + match[0] + b'"').encode(errors="surrogatepass")
    return ESCAPES.sub(undo, data) if b"\\" in data else data


def unquoted(data):
    return urllib.parse.unquote_to_bytes(data) if b"%" in data else data


def readings(line):
    """A line, and all that it means where it is decoded."""
    found, latest = {line}, {line}
    for _ in range(READINGS):
        latest = {undo(each) for each in latest for undo in (unescaped, unquoted)} - found
        found |= latest
    return found


def base64_forms(secret):
    """What of its Base64 is the same whatever stands before and behind it."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + secret)
        yield coded[(before * 8 + 5) // 6:(before + len(secret)) * 8 // 6]


class SecretSearch:
    """`secrets`: a name for each, and its bytes."""

    def __init__(self, secrets):
        self.forms = {}
        for name, secret in secrets.items():
            assert len(secret) >= LEAST_BYTES, f"{name} is too short"
            self.forms[fold(secret)] = name
            self.forms[fold(secret.hex().encode())] = f"{name}, hexadecimal"
            for form in base64_forms(secret):
                self.forms[fold(form)] = f"{name}, Base64"

    def found(self, text):
        """What stands in a text, as `(name, line)`, the line being one that holds it."""
        lines = list(dict.fromkeys(text.split(b"\n")))
        read = [(line, fold(each)) for line in lines for each in readings(line)]
        whole = b"\n".join(each for _, each in read)
        result = []
        for form, name in self.forms.items():
            if form in whole:
                line = next(line for line, each in read if form in each)
                result.append((name, line))
        return result
