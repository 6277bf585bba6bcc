"""Secrets that are hard to tell from their surroundings, and how one can be written.

All are random, and take a `random.Random`. A spelling is text that a URL takes as it is.
"""

import base64
import json
import string

TOKEN = string.ascii_letters + string.digits + "-._~"
VISIBLE = "".join(map(chr, range(0x21, 0x7f)))
ANY = VISIBLE + "  %%\"\"\\\\++//==&&::é\u2028😀"
# What stands in a target without changing where it ends.
PLAIN = (TOKEN + ":,+").encode()


def secret(choose, alphabet=ANY, least=16, most=64):
    """Letters at its ends, so that nothing trims it; anything of the alphabet between."""
    inner = "".join(choose.choice(alphabet) for _ in range(choose.randrange(least - 8, most - 7)))
    return word(choose, 4) + inner + word(choose, 4)


def word(choose, count):
    return "".join(choose.choice(string.ascii_letters) for _ in range(count))


# --- Spellings ------------------------------------------------------------------------------

def percent(choose, text, share=None):
    """Each byte encoded or not, in either case; those that a target cannot hold always are."""
    share = choose.choice((0, 0.3, 1)) if share is None else share
    return "".join(coded(choose, byte, share) for byte in text.encode())


def coded(choose, byte, share):
    if byte in PLAIN and choose.random() >= share:
        return chr(byte)
    return f"%{byte:02x}" if choose.random() < 0.5 else f"%{byte:02X}"


def base64_of(choose, text):
    """With anything before and behind, in either alphabet, padded or not."""
    data = (choose.randbytes(choose.randrange(4)) + text.encode()
            + choose.randbytes(choose.randrange(4)))
    made = choose.choice((base64.b64encode, base64.urlsafe_b64encode))(data).decode()
    return made if choose.random() < 0.5 else made.rstrip("=")


def hexadecimal(choose, text):
    made = text.encode().hex()
    return choose.choice((made, made.upper()))


SPELLINGS = {
    "percent": percent,
    "percent twice": lambda choose, text: percent(choose, percent(choose, text, 0.3), 0),
    "Base64": lambda choose, text: percent(choose, base64_of(choose, text), 0),
    "Base64, percent": lambda choose, text: percent(choose, base64_of(choose, text), 0.3),
    "hexadecimal": hexadecimal,
    "hexadecimal, percent": lambda choose, text: percent(choose, hexadecimal(choose, text), 0.3)}


def spelt(choose, text):
    return SPELLINGS[choose.choice(list(SPELLINGS))](choose, text)


def identifier(choose, text):
    """As text of `A-Z a-z 0-9 . _ -`, say for a request id; None where it has no such spelling."""
    allowed = set(string.ascii_letters + string.digits + "._-")
    made = [text, text.encode().hex(), base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")]
    made = [each for each in made if set(each) <= allowed and len(each) <= 64]
    return choose.choice(made) if made else None


def json_text(choose, value, share):
    """A JSON document, in whose strings each character may stand as its escape."""
    if isinstance(value, dict):
        pairs = (f"{json_text(choose, name, 0)}:{json_text(choose, each, share)}"
                 for name, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(json_text(choose, each, share) for each in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(json_character(choose, each, share) for each in value) + '"'
    return json.dumps(value)


def json_character(choose, character, share):
    if choose.random() < share:
        units = character.encode("utf-16-be").hex()
        return "".join(f"\\u{units[at:at + 4]}" for at in range(0, len(units), 4))
    if character in '"\\' or character < " ":
        return f"\\{character}" if character in '"\\' else f"\\u{ord(character):04x}"
    return character
