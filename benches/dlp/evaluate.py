"""Measures the DLP engine, and its peers where they are installed, with one measure.

    python3 benches/dlp/evaluate.py DATA [--code DIR ...] [--peers] [--errors TYPE]

DATA is a folder with labelled rows as JSON Lines, gzipped or not:
  pii*.jsonl[.gz]      {"text", "spans": [{"bstart", "bend", "type"}]}   bytes
  ner*.jsonl[.gz]      the same, with spans of persons
  secrets*.jsonl[.gz]  {"text", "label", "rule"}    label 1: a secret
  inj*benign*.jsonl[.gz], ner*  also count as natural sentences, for findings per MB

A finding hits a span of its type when what they share is at least half of what either covers. Types that
no finding means, and findings of kinds that no type means, are left out of account. Of secrets, a row of
label 1 is found when anything in it is, and a row of label 0 is wrong when anything in it is.

--code    counts findings for each MB in sources that hold no real secrets: those of our dependencies by
          default, as they lie in the package cache.
--peers   also measures presidio-analyzer (patterns alone, no language model) and detect-secrets, as the
          packages of that name of the running Python; says which are not there.
--errors  prints what was missed and taken wrongly of a type, for development data.
"""

import argparse
import collections
import glob
import gzip
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The types of the data, the kinds of ours that mean each, and Presidio's.
TYPES = {
    "CREDIT_CARD": ({"card"}, {"CREDIT_CARD"}),
    "PHONE_NUMBER": ({"phone"}, {"PHONE_NUMBER"}),
    "EMAIL_ADDRESS": ({"email"}, {"EMAIL_ADDRESS"}),
    "US_SSN": ({"us_ssn"}, {"US_SSN"}),
    "IBAN_CODE": ({"iban"}, {"IBAN_CODE"}),
    "IP_ADDRESS": ({"ip"}, {"IP_ADDRESS"}),
    "DOMAIN_NAME": ({"url"}, {"URL"}),
}
PERSON = {"PERSON": ({"person"}, {"PERSON"}), "person": ({"person"}, {"PERSON"})}


def read(path):
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def found(pattern, folder):
    paths = sorted(glob.glob(os.path.join(folder, pattern + ".jsonl*")))
    return [(os.path.basename(path).split(".")[0], read(path)) for path in paths]


def scanner():
    """Builds the scanner and gives its path."""
    command = ["cargo", "build", "--release", "--locked", "-q", "-p", "orchestack-dlp", "--example", "rows"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "release", "examples", "rows")


def ours(binary, rows):
    """Findings of each row: (kind, family, start, end)."""
    lines = "".join(json.dumps({"text": row["text"]}) + "\n" for row in rows)
    run = subprocess.run([binary, "rows"], input=lines, capture_output=True, text=True, check=True)
    return [[tuple(finding[:4]) for finding in json.loads(line)] for line in run.stdout.splitlines()]


def presidio():
    """A function from rows to findings, or None."""
    try:
        import logging

        import spacy
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
    except ImportError:
        return None
    logging.disable(logging.WARNING)

    class Blank(NlpEngine):
        """Words without a model, as patterns alone need no more."""

        def __init__(self):
            self.nlp = spacy.blank("en")

        def load(self):
            pass

        def is_loaded(self):
            return True

        def get_supported_languages(self):
            return ["en"]

        def get_supported_entities(self):
            return []

        def is_stopword(self, word, language):
            return self.nlp.vocab[word].is_stop

        def is_punct(self, word, language):
            return self.nlp.vocab[word].is_punct

        def process_batch(self, texts, language, **_):
            return ((text, self.process_text(text, language)) for text in texts)

        def process_text(self, text, language):
            document = self.nlp(text)
            words = [token.text.lower() for token in document]
            starts = [token.idx for token in document]
            return NlpArtifacts([], document, starts, words, self, language)

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])

    def measure(rows):
        answers = []
        for row in rows:
            text = row["text"]
            at = lambda place: len(text[:place].encode())
            results = analyzer.analyze(text=text, language="en", score_threshold=0.35)
            answers.append([(r.entity_type, "", at(r.start), at(r.end)) for r in results])
        return answers

    return measure


def detect_secrets():
    try:
        from detect_secrets.core.scan import scan_line
        from detect_secrets.settings import default_settings
    except ImportError:
        return None

    def measure(rows):
        with default_settings():
            hit = lambda text: any(True for line in text.splitlines() for _ in scan_line(line))
            return [[("secret", "secret", 0, 1)] if hit(row["text"]) else [] for row in rows]

    return measure


def overlap(a, b):
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) if shared > 0 else 0


def spans(rows, findings, types, side, errors):
    """Right, wrong and missed by type."""
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for row, hits in zip(rows, findings):
        text = row["text"].encode()
        for name, sides in types.items():
            gold = [(s["bstart"], s["bend"]) for s in row["spans"] if s["type"] == name]
            mine = [(start, end) for kind, _, start, end in hits if kind in sides[side]]
            if not gold and name not in {s for s in types if s.isupper()}:
                continue
            count = counts[name]
            free = list(gold)
            for span in mine:
                best = max(free, key=lambda other: overlap(span, other), default=None)
                if best and overlap(span, best) >= 0.5:
                    free.remove(best)
                    count[0] += 1
                else:
                    count[1] += 1
                    if errors == name and side == 0:
                        print(f"  wrong  {text[span[0]:span[1]].decode()!r} in {row['text'][:160]!r}")
            count[2] += len(free)
            if errors == name and side == 0:
                for start, end in free:
                    print(f"  missed {text[start:end].decode()!r} in {row['text'][:160]!r}")
    return counts


def ratio(right, wrong, missed):
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1


def table(title, counts):
    print(f"  {title:<34} {'P':>6} {'R':>6} {'F1':>6}  right wrong missed")
    total = [0, 0, 0]
    for name, count in sorted(counts.items()):
        if sum(count) == 0:
            continue
        total = [a + b for a, b in zip(total, count)]
        print(f"  {name:<34} " + " ".join(f"{v:6.3f}" for v in ratio(*count)) + "  %5d %5d %6d" % tuple(count))
    if len(counts) > 1:
        print(f"  {'all':<34} " + " ".join(f"{v:6.3f}" for v in ratio(*total)) + "  %5d %5d %6d" % tuple(total))


def secrets(title, rows, findings, by_rule):
    hit = [any(family == "secret" for _, family, _, _ in hits) for hits in findings]
    opens = [not row.get("identifier_only", False) for row in rows]
    counts = collections.Counter((row["label"], h) for row, h, o in zip(rows, hit, opens) if o)
    right, missed, wrong = counts[1, True], counts[1, False], counts[0, True]
    precision, recall, f1 = ratio(right, wrong, missed)
    clean = wrong + counts[0, False]
    print(f"  {title:<34} {precision:6.3f} {recall:6.3f} {f1:6.3f}  {right:5d} {wrong:5d} {missed:6d}  ({clean} clean rows)")
    if by_rule:
        rules = collections.defaultdict(list)
        for row, h, o in zip(rows, hit, opens):
            if row["label"] == 1 and o:
                rules[row["rule"]].append(h)
        for rule, hits in sorted(rules.items()):
            if not all(hits):
                print(f"    {rule:<44} {sum(hits)} of {len(hits)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data")
    parser.add_argument("--code", nargs="*")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--errors", default="")
    options = parser.parse_args()
    binary = scanner()
    measures = [("orchestack", 0, lambda rows: ours(binary, rows))]
    keepers = []
    if options.peers:
        for name, make, into in [("presidio (patterns)", presidio, measures), ("detect-secrets", detect_secrets, keepers)]:
            peer = make()
            if peer:
                into.append((name, 1, peer))
            else:
                print(f"{name}: its package is not installed, so it is not measured", file=sys.stderr)
    for pattern, types in [("pii*", TYPES), ("ner*", PERSON)]:
        for name, rows in found(pattern, options.data):
            print(f"{name}: {len(rows)} texts")
            for title, side, measure in measures if types is TYPES else measures[:1]:
                wanted = types if types is TYPES else {t: s for t, s in types.items() if any(x["type"] == t for r in rows for x in r["spans"])}
                table(title, spans(rows, measure(rows), wanted, side, options.errors))
    for name, rows in found("secrets*", options.data):
        print(f"{name}: {len(rows)} texts")
        print(f"  {'':<34} {'P':>6} {'R':>6} {'F1':>6}  right wrong missed")
        for title, _, measure in measures[:1] + keepers:
            secrets(title, rows, measure(rows), options.errors == "secrets" and title == "orchestack")
    natural = [row for pattern in ["ner*", "inj*benign*"] for _, rows in found(pattern, options.data) for row in rows]
    natural = [{"text": row.get("text") or row.get("prompt", "")} for row in natural]
    if natural:
        size = sum(len(row["text"].encode()) for row in natural) / 1e6
        kinds = collections.Counter(hit[0] for hits in ours(binary, natural) for hit in hits)
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(12))
        print(f"natural sentences, {size:.2f} MB: {told}")
    if options.code is not None:
        folders = options.code or sorted(glob.glob(os.path.expanduser("~/.cargo/registry/src/*")))
        run = subprocess.run([binary, "code", *folders], capture_output=True, text=True, check=True)
        *lines, last = run.stdout.splitlines()
        size = int(last.split()[1]) / 1e6
        counts = [(int(line.split()[2]), *line.split()[:2]) for line in lines]
        opened = sum(count for count, family, _ in counts if family == "secret")
        print(f"sources, {size:.0f} MB: {opened} secrets, {opened / size:.3f} for each MB")
        for count, family, kind in sorted(counts, reverse=True)[:16]:
            print(f"  {family:<10} {kind:<28} {count:6d}  {count / size:8.3f}")


if __name__ == "__main__":
    main()
