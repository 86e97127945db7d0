"""A dossier says what the facts say, in the receiver's language, and takes nothing from outside for markup."""

import io
import re
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pypdf
import pytest
from made_referral import MADE_AT, NASTY, referral_facts

from scantriage.io import dossier as dossier_module
from scantriage.io.dossier import dossier, languages
from scantriage.scan.quality import Flag

PAGES = Path(dossier_module.__file__).with_name("dossier_pages")
JPEG = cv2.imencode(".jpg", np.full((32, 120, 3), 200, dtype=np.uint8))[1].tobytes()


def made(language="en", **changed):
    facts = referral_facts(**changed)
    pictures = {picture["file"]: JPEG for picture in facts["pictures"]}
    return dossier(facts, language=language, pictures=pictures, made_at=MADE_AT)


def text_of(pdf):
    """Its text on one line, without what the lines were broken at."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def words_of(language):
    return tomllib.loads((PAGES / f"{language}.toml").read_text())


def test_what_is_from_outside_is_text_and_not_markup():
    text = text_of(made())
    assert text.count(NASTY) == 4  # reason, goods, vessel, annotation
    assert "[U+9999][U+8549][U+202E][U+0000]" in text
    assert "root:" not in text


def test_numbers_and_sentences_are_those_of_the_facts():
    text = text_of(made())
    assert "Inspect at the port: NLRTM (Rotterdam)" in text
    assert "1,097 ± 6 kg" in text
    assert "11.0 to 11.6 m from the front, 0.3 to 1.1 m high" in text
    assert "Sum, which stands for a probability of 32% −0.76" in text
    assert "The scan shows about 10.4 t of cargo, the manifest declares 9.8 t." in text
    assert "Finding 1: Added, behind the doors" in text
    assert "Other sign: look alikes" in text
    assert "25 times likelier for a changed container" in text


def test_a_mass_that_is_the_least_says_so_and_has_no_standard_deviation():
    reading = referral_facts()["reading"]
    least = reading["findings"][0] | {"sentence": "Added: at least 1096 kg behind the doors."}
    text = text_of(made(reading=reading | {"findings": [least]}))
    assert "≥ 1,097 kg" in text
    assert "±" not in text


def test_dutch_has_dutch_words_and_numbers():
    text = text_of(made("nl"))
    assert "Controleren in de haven: NLRTM (Rotterdam)" in text
    assert "1.097 ± 6 kg" in text
    assert "11,0 tot 11,6 m van de voorkant, 0,3 tot 1,1 m hoog" in text
    assert "28 oktober 2026, 08:30 UTC" in text


def test_it_is_for_archives_and_for_screen_readers():
    reader = pypdf.PdfReader(io.BytesIO(made("nl")))
    metadata = reader.xmp_metadata
    about = metadata.get_element("", "http://www.aiim.org/pdfua/ns/id/", "part")
    assert about is not None
    assert reader.trailer["/Root"]["/Lang"] == "nl"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == "Doorverwijzing van container HLBU1527916"
    figures = [alt for alt in _alternatives(reader.trailer["/Root"]["/StructTreeRoot"]) if "HLBU" not in alt]
    assert len(figures) == 3
    assert all("1: Toegevoegd, achter de deuren" in alt for alt in figures)


def _alternatives(node):
    node = node.get_object()
    if isinstance(node, list):
        return [alt for child in node for alt in _alternatives(child)]
    if not isinstance(node, dict):
        return []
    own = [node["/Alt"]] if "/Alt" in node else []
    return own + (_alternatives(node["/K"]) if "/K" in node else [])


def test_the_same_facts_give_the_same_bytes():
    assert made() == made()


@pytest.mark.parametrize("outcome", ["single", "not_comparable", "unprocessable"])
def test_there_is_a_dossier_without_findings_pictures_manifest_or_scans(outcome):
    reading = {
        "outcome": outcome, "reason": "The scans look at two things.", "priority": 0.002, "agreement": None,
        "blind_fraction": None, "findings": [],
        "evidence": [{"name": "base_rate", "contribution": -6.9, "sentence": ""}],
    }  # fmt: skip
    nothing = dict.fromkeys(referral_facts()["manifest"])
    text = text_of(
        made(reading=reading, pictures=[], manifest=nothing, annotations=[], scans=referral_facts()["scans"][:1])
    )
    assert "The scans look at two things." in text
    assert "The comparison shows no finding." in text
    assert "No manifest row" in text


def test_every_language_has_the_same_words_to_fill_in():
    def shape(thing):
        if isinstance(thing, dict):
            return {key: shape(value) for key, value in thing.items()}
        return sorted(re.findall(r"\{\w+\}", thing)) if isinstance(thing, str) else len(thing)

    assert languages() == ("en", "nl")
    assert shape(words_of("nl")) == shape(words_of("en"))


@pytest.mark.parametrize("language", languages())
def test_every_flag_has_a_sentence(language):
    assert words_of(language)["flag"].keys() == set(map(str, Flag))


def test_the_english_flags_are_those_of_the_program():
    assert words_of("en")["flag"] == {str(flag): flag.sentence for flag in Flag}


def test_every_character_that_is_let_through_has_a_shape():
    shown = re.compile(f"[{dossier_module._SHOWN}]")
    every = "".join(chr(code) for code in range(0x20, 0x3000) if shown.fullmatch(chr(code)))
    assert len(every) > 500
    made(container_id=every)  # PDF/A refuses a character without a shape
