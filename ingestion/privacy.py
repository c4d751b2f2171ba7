"""Personal identifiers are keyed-hashed before anything is written: in Python and in SQL alike.

`digest` and `sql_digest` give the same 32 hexadecimal characters, the first half of
HMAC-SHA256 (RFC 2104) over the trimmed, lower-case value, so that an e-mail address from an API
and one from a file meet. Without the key nobody can try out a list of addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import typing

if typing.TYPE_CHECKING:
    import duckdb

LENGTH = 32
_BLANKS = " \t\n\v\f\r"
_BLOCK = 64


def digest(key: bytes, value: str) -> str:
    """The keyed hash of one identifier, 32 hexadecimal characters."""
    return hmac.digest(key, folded(value).encode("utf-8", "replace"), "sha256").hex()[:LENGTH]


def folded(value: str) -> str:
    """Trimmed and lower-case, letter by letter as DuckDB's `lower` does it.

    Python lowers a whole word with its context (a final sigma) and 'İ' to two letters; the
    database does neither, and an identifier must not have two hashes.
    """
    value = value.strip(_BLANKS)
    if value.isascii():
        return value.lower()
    return "".join("i" if letter == "\u0130" else letter.lower() for letter in value)


def arm(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection what `sql_digest` needs: the key's two pads, as session variables,
    so that the key stands in no statement and thus in no error message."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    for name, mask in (("inner_pad", 0x36), ("outer_pad", 0x5C)):
        pad = bytes(byte ^ mask for byte in block).hex()
        con.execute(f"set variable {name} = from_hex('{pad}')")


def sql_digest(text: str) -> str:
    """SQL for the keyed hash of the varchar expression `text`; null stays null."""
    blanks = " || ".join(f"chr({ord(letter)})" for letter in _BLANKS)
    folded_text = f"encode(lower(trim({text}, {blanks})))"
    inner = f"unhex(sha256(getvariable('inner_pad') || {folded_text}))"
    return f"left(sha256(getvariable('outer_pad') || {inner}), {LENGTH})"
