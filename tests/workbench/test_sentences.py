"""What the program computes in English is read in Dutch, its numbers with it."""

import ast
import itertools
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

import scantriage
from scantriage.rank.case import Case
from scantriage.rank.evidence import evidence_of
from scantriage.rank.weights import DEFAULT_WEIGHTS
from scantriage.scan.finding import Finding, Kind, Reading, Zone
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry
from scantriage.workbench.render import _marked
from scantriage.workbench.sentences import reason_said, said

PACKAGE = Path(scantriage.__file__).parent
READ_IN_THE_WORKBENCH = {"ActRefused", "NotComparable", "NotDeliveredError", "ReferralNotMade", "UnreadablePhoto"}
BOX = MetreBox(1.25, 2.0, 0.0, 1.5)


def finding(kind="added", zone="door_end", mass_kg=1234.4, significance=-7.26):
    return Finding(kind, zone, significance, BOX, mass_kg=mass_kg)


def test_a_finding_is_said_with_its_numbers():
    assert said(finding().sentence, "nl") == (
        "Toegevoegd: ongeveer 1.234 kg achter de deuren, 1,2 tot 2,0 m van de voorkant, 0,0 tot 1,5 m hoog "
        "(7,3 standaardafwijkingen)."
    )


@pytest.mark.parametrize("mass_kg", [None, 0.4, 12.0, 12345.0])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_finding_is_said(kind, mass_kg):
    for zone in get_args(Zone):
        for flags in ((), (Flag.LEAST_MASS,)) if kind in ("added", "removed") else ((),):
            translated = said(replace(finding(kind, zone, mass_kg), flags=flags).sentence, "nl")
            assert translated is not None
            assert not re.search(r"\b(the|at|in or|behind|less|least|about|high)\b", translated)
            assert "7,3" in translated


def evidences():
    manifest = ManifestEntry("TSTU0000013", size_type="45G1", gross_kg=20_000.0)
    found = finding()
    for outcome, learned, blind, findings in itertools.product(
        ("compared", "single", "not_comparable"), (None, 2.0, -2.0), (0.0, 0.3), ((), (found,))
    ):
        reading = Reading(
            outcome, learned=learned, blind_fraction=blind, cargo_kg=9_000.0, agreement=0.9, findings=findings
        )
        yield from evidence_of(Case("TSTU0000013", reading, manifest=manifest, flags=tuple(Flag)), DEFAULT_WEIGHTS)


def test_all_evidence_is_said():
    every = {one.name: one.sentence for one in evidences()}
    assert {"base_rate", "learned", "nothing_seen", "blind", "not_comparable", "cargo_mass", "declared_empty"} <= {
        *every
    }
    assert [sentence for sentence in every.values() if said(sentence, "nl") is None] == []
    assert said(every["base_rate"], "nl") == (
        f"Ongeveer {100 * DEFAULT_WEIGHTS.base_rate:.1f} % van alle containers bevat een lading die er niet hoort."
    ).replace(".", ",", 1)


def test_weaknesses_are_said_as_the_dossier_says_them():
    dossier = tomllib.loads((PACKAGE / "io/dossier_pages/nl.toml").read_text())
    assert {flag: said(flag.sentence, "nl") for flag in Flag} == dossier["flag"]


def raised():
    """Every sentence with gaps that is raised for somebody to read; a figure stands in each gap."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
            wanted = named in READ_IN_THE_WORKBENCH or (named == "UnusableInput" and file.name == "outcome_import.py")
            if wanted and node.args and isinstance(node.args[0], ast.JoinedStr):
                parts = node.args[0].values
                yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in parts)


def test_every_refusal_with_gaps_is_said():
    every = set(raised())
    assert len(every) > 20
    # the cause, which stands in the gap, is one of two
    causes = ("was not penetrated", "lies outside one of the scans or was not recorded")
    every |= {f"Too little can be compared: 7 of the container {cause}.".replace("7 of", "7% of") for cause in causes}
    every -= {"Too little can be compared: 7 of the container 7."}
    assert [sentence for sentence in sorted(every) if said(sentence, "nl") is None] == []


def test_why_a_container_could_not_be_read_is_said_but_for_what_a_file_says():
    assert said("The rescan b.tif is the origin scan a.tif delivered again.", "nl") == (
        "De tweede scan b.tif is de scan bij de bron a.tif, nogmaals geleverd."
    )
    assert said("You skipped this container; go on to the next.", "nl") == (
        "U hebt deze container overgeslagen; ga verder met de volgende."
    )
    assert said("a.tif is cut short: part 3 of 9 ends early.", "nl") is None


def test_what_nobody_translated_is_marked_as_english():
    assert _marked("A <b>new</b> thing.", "nl") == '<span lang="en">A &lt;b&gt;new&lt;/b&gt; thing.</span>'
    assert _marked("A <b>new</b> thing.", "en") == "A &lt;b&gt;new&lt;/b&gt; thing."
    assert _marked("Say why, in a few words.", "nl") == "Zeg in een paar woorden waarom."
    assert _marked("", "nl") == ""


def test_of_a_reason_the_quick_ones_are_said_and_own_words_kept():
    assert reason_said("Something was added. The load is too dense. Zie 3.5 m, achter.", "nl") == (
        "Er is iets toegevoegd. De lading is te dicht. Zie 3.5 m, achter."
    )
    assert reason_said("Iets vreemds. The load is too dense.", "nl") == "Iets vreemds. The load is too dense."
    assert reason_said("Both scans show the same.", "nl") == "Beide scans tonen hetzelfde."
    assert reason_said("", "nl") == ""
    assert reason_said("Something was added.", "en") == "Something was added."
