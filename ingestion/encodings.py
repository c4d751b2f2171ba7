"""Which encoding a text file is in, told by its bytes; what has two sensible readings is refused.

A byte order mark and well-formed UTF-8 speak for themselves. One-byte encodings all decode
anything, so their readings are held against how words are written: one script a word, no capital
after a small letter, no sign of a currency inside, and letters that one language has together.
"""

from __future__ import annotations

import codecs
import itertools
import re
import typing
import unicodedata
from collections import Counter

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ONE_BYTE = ("cp1252", "mac_roman", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "cp850")
_LETTERS = {
    "German": "äöüßéàè",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish": "áéíñóúü",
    "Portuguese": "àáâãçéêíóôõúü",
    "Italian": "àèéìîòóù",
    "Dutch": "áéëïíóöúü",
    "Swedish": "åäöéáà",
    "Finnish": "åäöšž",
    "Danish": "åæøéöä",
    "Icelandic": "áðéíóúýþæö",
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîșțşţ",
    "Croatian": "čćđšž",
    "Turkish": "çğıöşüâî",
    "Lithuanian": "ąčęėįšųūž",
    "Latvian": "āčēģīķļņšūž",
    "Estonian": "äõöüšž",
}
"""Letters beyond ASCII that a language has (Unicode CLDR, exemplar characters)."""
_WEST = ("German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Swedish", "Finnish",
         "Danish", "Icelandic")  # fmt: skip
_SPOKEN = {
    "cp1252": _WEST, "mac_roman": _WEST, "cp850": _WEST, "cp1254": ("Turkish", "German", "French"),
    "cp1250": ("German", "Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian"),
    "cp1257": ("Lithuanian", "Latvian", "Estonian", "German"),
}  # fmt: skip
"""Languages that an encoding was made for."""
_NEVER = {
    "Polish": re.compile("[ćńśź][aeiouyąęó]"),
    "Romanian": re.compile("ă[aeo]"),
    "Portuguese": re.compile("ã(?![oesi]|$)|ç(?![aouãáâàõóôú])"),
    "Spanish": re.compile("ñ(?![aeiouáéíóúü])"),
    "French": re.compile("ç(?![aouâ])"),
    "Slovak": re.compile("(^|[aeiouyáéíóúý])[ĺŕ]|[ĺŕ]([aeiouyáéíóúý]|$)"),
}
"""What a language does not write."""
_LENT = "éèçñöüôåø"
"""Letters that names bring into any language."""
_SIGNS = "€$£¥§©®™°²³¹½¼¾×÷±µ·•…–—‘’‚“”„«»‹›¡¿ªº†‡\u00a0¢¬¶"
_LONE = "€£°§©®™–—‘’‚“”„«»…•\u00a0"
_BEFORE = "„“‘«»¿¡§©•–—…’\u00a0"
_AFTER = "“”’‘»«…™®©°•–—\u00a0"
_WITHIN = "’‘·\u00a0–—"
_ALONE = "àáèéìíòóôúåöÀÁÉÈÓÖÅ"
_GREEK_VOWELS = "αεηιουωάέήίόύώϊϋΐΰ"
_CYRILLIC_VOWELS = "аеёиоуыэюяіїєў"
_WORD = re.compile(rb"[A-Za-z0-9'\x80-\xff]*[\x80-\xff][A-Za-z0-9'\x80-\xff]*")
_ENGLISH = re.compile(
    rb"[\x91\x93]?[A-Za-z0-9]*(\x92(s|t|d|m|ll|re|ve)?)?[\x92\x94\x85]?|[\x96\x97]", re.I
)
_SURELY = re.compile(rb"(n\x92t|[a-z]\x92(ll|re|ve)|[a-z]{5}\x92s)\b", re.I)
"""An English file that has no sign beyond ASCII but typographic quotes and dashes; and what has an
apostrophe, because its stem is too long for the few words in which Spanish writes -\u00eds."""
_MOJIBAKE = re.compile("[ÃÂ][\u0080-\u00bf]|â€[\u0080-\u00bf™œž“”˜]|Ã[„–œŸ¼¶¤]")
_WORDS = 5_000
FEW = 0.05  # of the words may be odd, for names are
FOREIGN = 0.33  # of the words more must be foreign in a reading to rule it out


class Encoding(typing.NamedTuple):
    """`name` is Python's; `why` the evidence in words; `doubt` what a reader should look at."""

    name: str
    why: str
    doubt: str = ""


class Undecided(ValueError):
    """The bytes do not decide it; the text says between what, and what to do."""


def detect(chunks: typing.Iterable[bytes]) -> Encoding:
    """The encoding of a whole file given in pieces. Raises Undecided."""
    words: Counter[bytes] = Counter()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    valid, wide, nul = True, 0, False
    tail, place, broken = b"", 0, 0
    doubt = ""
    for number, chunk in enumerate(chunks):
        if not number:
            for mark, name in BOMS:
                if chunk.startswith(mark):
                    return Encoding(name, "byte order mark")
            found = _without_mark(chunk)
            if found:
                return found
        nul = nul or b"\0" in chunk
        if valid:
            try:
                text = utf8.decode(chunk)
                if not chunk.isascii():
                    wide += sum(letter > "\x7f" for letter in text[:1_000_000])
                    found = _MOJIBAKE.search(text)
                    if found and not doubt:
                        doubt = text[max(0, found.start() - 12) : found.end() + 8]
            except UnicodeDecodeError as error:
                valid, broken = False, place + error.start
                wide += _sequences(chunk[: error.start])
        if not valid and len(words) < _WORDS:
            # A word must not be cut between two pieces.
            part = tail + chunk
            cut = len(part) - len(re.search(rb"[A-Za-z0-9'\x80-\xff]{0,80}\Z", part)[0])
            words.update(_WORD.findall(part[:cut]))
            tail = part[cut:]
        elif valid:
            words.update(_WORD.findall(chunk) if not chunk.isascii() and len(words) < 50 else ())
        place += len(chunk)
    if nul:
        raise Undecided(
            "it holds NUL bytes: it was cut off or is no text. Export it again, or state "
            "'encoding' in the mapping."
        )
    if valid:
        try:
            utf8.decode(b"", True)
        except UnicodeDecodeError:
            raise Undecided(
                "its last character is cut off, so the file is not whole. Export it again."
            ) from None
        told = "ASCII letters only" if not wide else f"well-formed UTF-8 ({wide:,} wide letters)"
        if doubt:
            doubt = (
                f"'{' '.join(doubt.split())}' looks like UTF-8 that was once read as Windows-1252; "
                "the file says it so"
            )
        return Encoding("utf-8", told, doubt)
    words.update(_WORD.findall(tail))
    return _one_byte(words, wide, broken)


def contradiction(chunks: typing.Iterable[bytes], stated: str) -> str | None:
    """Why bytes are not in the encoding that is stated, or None. Raises LookupError for an encoding
    that there is none of.

    What contradicts: a mark of another encoding, wide letters of well-formed UTF-8 (in another
    encoding they are mojibake), no zero byte where UTF-16 has one a letter.
    """
    name = codecs.lookup(stated).name
    utf8 = codecs.getincrementaldecoder("utf-8")()
    family = re.sub("[^a-z0-9]", "", name)
    is_utf8, is_wide = family.startswith("utf8"), family.startswith(("utf16", "utf32"))
    wide, nul = 0, False
    for number, chunk in enumerate(chunks):
        if not number:
            mark = next((of for bom, of in BOMS if chunk.startswith(bom)), None)
            if mark and not family.startswith(re.sub("[^a-z0-9]", "", mark.removesuffix("-sig"))):
                return f"its byte order mark says {mark}"
            if mark or is_utf8:
                return None
        nul = nul or b"\0" in chunk
        try:
            text = utf8.decode(chunk)
        except UnicodeDecodeError:
            return None
        wide += not chunk.isascii() and sum(letter > "\x7f" for letter in text)
        if is_wide and nul:
            return None
    if is_wide:
        return "it holds no zero byte"
    return f"it is well-formed UTF-8 with {wide:,} wide letters" if wide else None


def _without_mark(chunk: bytes) -> Encoding | None:
    """UTF-16 without a byte order mark: read so, and only so, its zero bytes make letters."""
    sample = chunk[:4_000]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    fitting = [name for name in ("utf-16-le", "utf-16-be") if _is_text(sample, name)]
    if len(fitting) == 1:
        return Encoding(fitting[0], "its zero bytes make letters in no other")
    return None


def _is_text(sample: bytes, name: str) -> bool:
    try:
        text = sample[: len(sample) // 2 * 2].decode(name)
    except UnicodeDecodeError:
        return False
    scripts = {_script(each) for each in text if each.isalpha()}
    odd = any(unicodedata.category(each) in ("Cn", "Co", "Cc") and each not in "\r\n\t\x1f"
              for each in text)  # fmt: skip
    return not odd and len(scripts - {"LATIN"}) <= 1


def _sequences(chunk: bytes) -> int:
    return len(re.findall(rb"[\xc3-\xf4][\x80-\xbf]", chunk))


def _one_byte(words: Counter[bytes], wide: int, broken: int) -> Encoding:
    if all(_ENGLISH.fullmatch(word) for word in words) and any(map(_SURELY.search, words)):
        example = next(word for word in words if _SURELY.search(word)).decode("cp1252")
        return Encoding("cp1252", f"no UTF-8; as any other '{example}' has a letter inside")
    well = sum(_is_utf8(word) for word in words)
    if well and well >= 0.5 * len(words) and len(words) > 1:
        bad = next(word for word in words if not _is_utf8(word))
        raise Undecided(
            f"most of it is UTF-8, but not byte {broken:,} ({bad!r}): two encodings in one file. "
            "Export it again in one, or state 'encoding' in the mapping (or --set encoding=)."
        )
    readings: dict[tuple[str, ...], list[str]] = {}
    for name in ONE_BYTE:
        try:
            told = tuple(word.decode(name) for word in words)
        except UnicodeDecodeError:
            continue
        readings.setdefault(told, []).append(name)
    judged = sorted(
        ((_judgement(told, names), told, names) for told, names in readings.items()),
        key=lambda one: (one[0].odd, one[0].unpaired, one[0].foreign),
    )
    if not judged:
        raise Undecided(
            "no encoding fits all its bytes. State 'encoding' in the mapping (or --set encoding=)."
        )
    best, told, names = judged[0]
    lone = any(len(word) == 1 and word.isalpha() for word in told)
    if best.odd or best.unpaired or (lone and not any(len(word) > 1 for word in told)):
        raise Undecided(
            f"its bytes make words in no encoding that is known here{_guess(words)}. State "
            "'encoding' in the mapping (or --set encoding=)."
        )
    for other, others, name in judged[1:]:
        if not _is_far(best, other):
            differ = next(n for n, word in enumerate(told) if word != others[n])
            raise Undecided(
                f"it may be {names[0]} ('{told[differ]}') or {name[0]} ('{others[differ]}'). "
                f"State 'encoding: {names[0]}' or 'encoding: {name[0]}' in the mapping (or --set "
                "encoding=)."
            )
        # Between Greek and Cyrillic only accents and vowels tell: a few words are too few.
        both = {names[0], name[0]} == {"cp1251", "cp1253"}
        if both and sum(map(_is_odd, others)) < max(5, 0.3 * len(others)):
            raise Undecided(
                f"it may be {names[0]} ('{told[0]}') or {name[0]} ('{others[0]}'). State "
                f"'encoding: {names[0]}' or 'encoding: {name[0]}' in the mapping (or --set "
                "encoding=)."
            )
    example = next((word for word in told if len(word) > 1), told[0])
    return Encoding(names[0], f"no UTF-8; only as {names[0]} are all words words ('{example}')")


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guess(words: Counter[bytes]) -> str:
    """What the general detector would say; it is a hint to the person, never a decision."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(b" ".join(list(words)[:500])).best()
    return f" (charset-normalizer would try {best.encoding})" if best else ""


class _Judgement(typing.NamedTuple):
    """Of one reading: words that have letters beyond ASCII, those that nobody writes so, whether
    quotation marks have no other half, and words beside the odd ones that neither the one language
    which has most of them has (`foreign`), nor the two which do together (`left`)."""

    words: int
    odd: int
    unpaired: bool
    foreign: int
    left: int


def _judgement(words: tuple[str, ...], names: list[str]) -> _Judgement:
    odd = {word for word in words if _is_odd(word)}
    rest = [word for word in words if word not in odd]
    scripts = {_script(each) for word in rest for each in _small(word)}
    latin = [word for word in rest if {_script(each) for each in _small(word)} == {"LATIN"}]
    spoken = {language for name in names for language in _SPOKEN.get(name, ())}
    had = [{word for word in latin if _is_of(word, language)} for language in spoken]
    lent = {word for word in latin if _small(word) <= set(_LENT)}
    lettered = sum(any(each.isalpha() and each > "\x7f" for each in word) for word in words)
    return _Judgement(
        lettered,
        len(odd) + (len(scripts) > 1),
        _is_unbalanced(words),
        len(latin) - max(map(len, had), default=0),
        len(latin) - max((len(a | b | lent) for a, b in itertools.combinations(had, 2)), default=0),
    )


def _is_of(word: str, language: str) -> bool:
    if not _small(word) <= set(_LETTERS[language]):
        return False
    never = _NEVER.get(language)
    runs = re.findall(r"[^\W\d_]+", word.lower())
    return never is None or not any(never.search(run) for run in runs)


def _is_far(best: _Judgement, other: _Judgement) -> bool:
    """Whether another reading is so much worse that it is none: it has words nobody writes, or
    words of more than two languages where the best has one. A few foreign names are in any file."""
    if other.odd > FEW * other.words:
        return True
    least = 1 if not best.foreign and other.foreign > 1 else 3
    return other.left - best.foreign >= max(least, FOREIGN * other.words)


_PAIRS = {"’": "‘", "”": "“„", "“": "”„", "„": "“”", "‘": "’", "»": "«", "«": "»"}


def _is_unbalanced(words: tuple[str, ...]) -> bool:
    """Whether words begin or end with a quotation mark whose other half stands nowhere: then the
    byte is a letter of another encoding."""
    edges = {word[0] for word in words} | {word[-1] for word in words}
    return any(mark in edges and not set(pair) & edges for mark, pair in _PAIRS.items())


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def _is_odd(word: str) -> bool:
    beyond = [each for each in word if each > "\x7f"]
    if any(unicodedata.category(each) in ("Cc", "Cn", "Co") for each in beyond):
        return True
    if any(not each.isalpha() and each not in _SIGNS for each in beyond):
        return True
    if re.fullmatch("(k|T|M|m|Mio|Tsd)[€£]", word):
        return False
    for a, b in itertools.pairwise(word):
        if (_is_sign(a) and b.isalpha() and a not in _BEFORE) or (
            _is_sign(b) and a.isalpha() and b not in _AFTER
        ):
            return True
    letters = [each for each in beyond if each.isalpha() and each not in "ªº"]
    if not letters and not any(each.isascii() and each.isalnum() for each in word):
        return len(word) > 1 or word not in _LONE
    if not letters:  # signs only: at the edges, beside digits, or as an apostrophe
        inner = re.fullmatch(rf"[^A-Za-z]*[A-Za-z0-9'{_WITHIN}]*[^A-Za-z]*", word)
        parts = re.split("[–—·]", word)
        short = any(len(part) < 3 and re.search("[a-z]", part) for part in parts)
        return inner is None or (len(parts) > 1 and short) or word[-1] in "‚„"
    if len(word) == 1:
        return word not in _ALONE
    ascii_letters = [each for each in word if each.isascii() and each.isalpha()]
    if len(letters) == 1 and not ascii_letters and re.search("[0-9]", word):
        return True  # a sign of a currency in another encoding
    scripts = {_script(each) for each in letters} | ({"LATIN"} if ascii_letters else set())
    if len(scripts) != 1:
        return True
    runs = re.findall(r"[^\W\d_]+", word)
    if any(re.search(r"[^\W\d_]", run) and _capital_inside(run) for run in runs):
        return True
    if any(
        each in _SIGNS and each not in _WITHIN and place not in (0, len(word) - 1)
        for place, each in enumerate(word)
    ) and not re.fullmatch(rf"[{re.escape(_SIGNS)}]*[\w'{_WITHIN}]+[{re.escape(_SIGNS)}]*", word):
        return True
    if scripts == {"LATIN"}:
        if not any(_small(word) <= set(known) for known in _LETTERS.values()):
            return True
        if not ascii_letters:
            return True
        return len(letters) > max(3, 0.6 * (len(letters) + len(ascii_letters)))
    if sum(each in "άέήίόύώΐΰ" for each in word) > 1:
        return True  # a Greek word has one accent
    vowels = {"GREEK": _GREEK_VOWELS, "CYRILLIC": _CYRILLIC_VOWELS}.get(scripts.pop())
    if vowels is None:
        return True
    spoken = sum(each.lower() in vowels for each in letters)
    return len(letters) > 3 and word != word.upper() and spoken < 0.18 * len(letters)


def _is_sign(letter: str) -> bool:
    return letter > "\x7f" and (not letter.isalpha() or letter in "ªº")


def _small(word: str) -> set[str]:
    """Its letters beyond ASCII as small ones."""
    found = {each.lower()[0] for each in word if each.isalpha() and each > "\x7f"}
    return {each for each in found if each > "\x7f"}


def _capital_inside(run: str) -> bool:
    """A capital after a small letter, one of them beyond ASCII."""
    pairs = itertools.pairwise(run)
    return any(a.islower() and b.isupper() and max(a, b) > "\x7f" for a, b in pairs)
