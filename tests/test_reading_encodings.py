"""One-byte encodings over real names (Unicode CLDR's, by babel): never a wrong one."""

import random
from collections import Counter

import pytest
from babel import Locale

from ingestion import encodings

WEST = ("cp1252", "mac_roman", "cp850")
SPOKEN = {
    "de": (*WEST, "cp1250"), "fr": WEST, "es": WEST, "pt": WEST, "it": WEST, "nl": WEST,
    "sv": WEST, "da": WEST, "nb": WEST, "fi": WEST, "pl": ("cp1250",), "cs": ("cp1250",),
    "sk": ("cp1250",), "hu": ("cp1250",), "ro": ("cp1250",), "hr": ("cp1250",),
    "tr": ("cp1254",), "ru": ("cp1251",), "uk": ("cp1251",), "bg": ("cp1251",), "el": ("cp1253",),
    "lt": ("cp1257",), "lv": ("cp1257",), "et": ("cp1257",),
}  # fmt: skip


def names(language):
    locale = Locale(language)
    every = [*locale.territories.values(), *locale.languages.values(), *locale.currencies.values()]
    return [name for name in every if not name.isascii()]


def decided(text, encoding):
    raw = text.encode(encoding)
    try:
        found = encodings.detect([raw])
    except encodings.Undecided as error:
        assert "State" in str(error)
        return "refused"
    return "right" if raw.decode(found.name) == text else f"wrong: {encoding} as {found.name}"


@pytest.mark.parametrize("languages", [1, 2])
def test_no_decision_over_real_names_is_wrong(languages):
    """With two languages a file: what one has, the other's encoding may have, too."""
    known = {language: names(language) for language in SPOKEN}
    chance, counted = random.Random(5), Counter()
    while sum(counted.values()) < 4_000:
        first = chance.choice(sorted(SPOKEN))
        encoding = chance.choice(SPOKEN[first])
        beside = [each for each in sorted(SPOKEN) if encoding in SPOKEN[each] and each != first]
        spoken = [first, *chance.sample(beside, min(languages - 1, len(beside)))]
        count = chance.choice((1, 2, 3, 5, 10, 30))
        told = [name for each in spoken for name in chance.choices(known[each], k=count)]
        mark = chance.choice(("", "", " €", " – x"))
        text = "name;value\n" + "".join(f"{name}{mark};{n}\n" for n, name in enumerate(told))
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            continue
        counted[decided(text, encoding)] += 1
    assert set(counted) == {"right", "refused"}, counted
    # It may ask, but not always.
    assert counted["right"] > (0.4 if languages == 1 else 0.2) * 4_000, counted


@pytest.mark.parametrize(
    "words",
    ["François Jäger Müller Köln Gräfe Bäcker", "Provençale München Lübeck Kärnten",
     "België Curaçao Azië Brazilië Guaraní", "Curaçao Sørensen Tromsø", "Haïti Åland",
     "Straße François Jäger", "Köln François Müller", "Malmö Barça Västerås",
     "Jyväskylä François Åbo", "norvegese bokmål guaraní", "Meta’", "K’iche’"],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_a_foreign_name_among_others_is_never_read_as_another(words, encoding):
    text = "name;n\n" + "".join(f"{word};1\n" for word in words.split())
    assert decided(text, encoding) in ("right", "refused")


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("Straße Größe Frühstück Bäcker Übersicht", "cp1252"),
        ("Mañana Año Canción Señal débil aquí", "cp1252"),
        ("Wrocław Gdańsk Poznań Łódź Kraków Częstochowa", "cp1250"),
        ("Müller Straße Äpfel", "mac_roman"),
        ("Manhã Ação São João Promoção", "cp1252"),
    ],
)
def test_plain_words_of_one_language_are_told(words, encoding):
    text = "name;n\n" + "".join(f"{word};1\n" for word in words.split())
    assert decided(text, encoding) == "right"


def test_romanian_is_not_read_as_portuguese():
    text = "name;n\n" + "".join(f"{w};1\n" for w in ("venetă", "engleză", "Réunion", "osetă"))
    assert decided(text, "cp1250") == "refused"
