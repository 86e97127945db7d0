"""Sentences that are computed, and kept, in English, said in the reader's language.

Findings, evidence, refusals and reasons come as whole English sentences, also from files that were made long ago. A
sentence is known again by its saying, a text with gaps; what stands in the gaps is put into the translated text, as
numbers of that language or as words of the catalogue, and as it is where it is neither (a file's name).
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from scantriage.workbench.formats import number
from scantriage.workbench.language import N_, translations

# The sentences themselves are made elsewhere, each where its facts are; tests hold the two together.
_SAYINGS = (
    # scan/finding.py
    N_("Added: about %(mass)s kg %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Removed: about %(mass)s kg %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Moved: about %(mass)s kg %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Added: at least %(mass)s kg %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Removed: at least %(mass)s kg %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Added: something %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Removed: something %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("Moved: cargo %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    N_("The load differs as a whole: another container or other goods %(zone)s, %(x0)s to %(x1)s m from the front, "
       "%(z0)s to %(z1)s m high (%(sure)s standard deviations)."),
    N_("Unlike the rest of the load %(zone)s, %(x0)s to %(x1)s m from the front, %(z0)s to %(z1)s m high "
       "(%(sure)s standard deviations)."),
    # rank/evidence.py
    N_("About %(part)s%% of all containers hold a load."),
    N_("By what simulated pairs taught, %(n)s times likelier for a changed container than for an unchanged one."),
    N_("By what simulated pairs taught, %(n)s times likelier for an unchanged container than for a changed one."),
    N_("The comparison shows no clear change; a load would have shown with about %(part)s%% probability."),
    N_("%(part)s%% of the container could not be seen."),
    N_("The scan shows about %(scanned)s t of cargo, the manifest declares %(declared)s t."),
    # why two scans were not compared, or none was read
    N_("The scans show containers of different length: %(origin)s m in the origin scan, %(rescan)s m in the rescan."),
    N_("Too little can be compared: %(part)s%% of the container was not penetrated."),
    N_("Too little can be compared: %(part)s%% of the container lies outside one of the scans or was not recorded."),
    N_("The container's outline is unclear and the scans agree poorly (%(agreement)s of 1)."),
    N_("%(scan)s: No container is visible in the scan: it has no long level roof, nor two posts."),
    N_("%(scan)s: only %(n)s of the %(all)s containers named could be told apart in the scan."),
    N_("The rescan %(rescan)s is the origin scan %(origin)s delivered again."),
    N_("The rescan %(rescan)s is dated %(then)s, not after the origin scan %(origin)s of %(since)s."),
    N_("Reading %(scans)s took longer than %(n)s s and was stopped."),
    N_("Reading %(scans)s ended unexpectedly (%(how)s)."),
    N_("Reading %(scans)s failed (%(kind)s)."),
    # acts that are refused
    N_("%(what)s; go on to the next."),
    N_("Say in up to %(n)s characters why you skip this container."),
    N_("All %(n)s skips of today are used."),
    N_("A reason has up to %(n)s characters."),
    N_("A %(shape)s has %(fewest)s to %(most)s points, got %(n)s."),
    N_("The text of an annotation has up to %(n)s characters."),
    N_("A container carries up to %(n)s annotations of one analyst."),
    N_("An entry has up to %(n)s photographs."),
    N_("The photo has more than %(n)s MiB."),
    N_("The photo has %(width)s x %(height)s pixels, more than %(n)s million."),
    N_("A place in the container is one of %(names)s."),
    N_("A find weighs more than 0 and up to %(n)s kg."),
    N_("A kind has up to %(n)s characters, a note up to %(more)s."),
    N_("The table has more than %(n)s MiB."),
    N_("The table has more than %(n)s rows; send it in parts."),
    N_("The table needs a header with %(names)s, each once."),
    N_("The table cannot be read (%(why)s)."),
    N_("A token is valid for 1 to %(n)s days."),
    N_("%(name)s lies between 0 and 1, got %(n)s."),
    N_("tip_share is at most 0.5, got %(n)s."),
    # why a referral did not arrive
    N_("The settings do not allow to write to %(folder)s."),
    N_("The folder %(folder)s cannot be written: %(why)s."),
    N_("The name %(host)s is not known."),
    N_("%(host)s is a machine inside, and the settings do not allow to send there."),
    N_("The receiver answered %(status)s; redirects are not followed."),
    N_("The receiver answered %(status)s."),
    N_("The certificate of %(host)s is not valid: %(why)s."),
    N_("%(host)s could not be reached."),
)  # fmt: skip
# what stands in the gaps, and sentences without any that no call marks where they are made
_WORDS = (
    N_("less than 1"), N_("behind the doors"), N_("at one end"), N_("in the cargo"), N_("in or on the floor"),
    N_("at the roof"), N_("at a side wall"), N_("at the front wall"), N_("in the reefer machinery"),
    N_("You have decided on this container"), N_("You skipped this container"),
    N_("Your time for this container ran out"), N_("box"), N_("point"), N_("polygon"), N_("text"),
    N_("The scans cannot be compared."),
    N_("The container's walls do not show in the origin scan: its open beam is clipped or hardly in view."),
    N_("The container's walls do not show in the rescan: its open beam is clipped or hardly in view."),
    # scan/quality.py
    N_("The scan is a display export: its grey levels are not calibrated, so no mass is given."),
    N_("No open beam is visible in the scan, so its level was estimated."),
    N_("The detector's dark level was not delivered and was estimated."),
    N_("Some detector rows gave no signal."),
    N_("Part of the scan is clipped at the bright or dark end."),
    N_("More than half of the container was not penetrated."),
    N_("Where the X-ray source stood is not known, so heights are less certain."),
    N_("The two scans look from opposite sides, so near and far cargo change places in height."),
    N_("An end of the container lies outside the scan."),
    N_("Which end has the doors could not be seen in the scan."),
    N_("The container in the scan does not have the size that the manifest declares."),
    N_("The container's outline was found with little contrast and may be off."),
    N_("The container number has a wrong check digit."),
    N_("The rescan is dated before the origin scan."),
    N_("Both scans are the same recording."),
    N_("The file does not match the checksum it was delivered with."),
    N_("Another recording came under the id of a scan; the first one is used."),
    N_("The two scans agree poorly even after registration."),
    N_("The difference lies along an edge and may come from registration."),
    N_("Too little came through there in one of the scans, so more may have changed than the mass says."),
    N_("Something of the same mass is missing close by: cargo that moved."),
    N_("The container is declared empty, and something is in it."),
)  # fmt: skip
_GAP = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?")


def said(sentence: str, language: str) -> str | None:
    """The sentence in this language; None where nobody translated it."""
    catalogue = translations(language)
    whole = catalogue.gettext(sentence) if sentence else ""
    if whole != sentence or not sentence:
        return whole
    for known, saying in _known():
        found = known.fullmatch(sentence)
        if found is not None and (translated := catalogue.gettext(saying)) != saying:
            return translated % {name: _in_gap(value, language) for name, value in found.groupdict().items()}
    return None


def reason_said(reason: str, language: str) -> str:
    """The reason of a decision: the quick reasons it begins with in this language, own words as they were typed."""
    catalogue, parts, rest = translations(language), [], reason
    while match := re.match(r"[^.]+\.(?: |$)", rest):
        quick = match[0].strip()
        if (translated := catalogue.gettext(quick)) == quick:
            break
        parts.append(translated)
        rest = rest[match.end() :]
    return " ".join([*parts, rest]).rstrip()


def _in_gap(value: str, language: str) -> str:
    found = _NUMBER.fullmatch(value)
    if found is None:
        return str(translations(language).gettext(value))
    return number(Decimal(value.replace(",", "")), len(found[1] or ""), language)


@cache
def _known() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each saying with what knows its sentences again: anything may stand in its gaps."""
    marked = [(saying, saying % {name: f"@{name}@" for name in _GAP.findall(saying)}) for saying in _SAYINGS]
    return tuple(
        (re.compile(re.sub(r"@(\w+)@", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL), saying) for saying, text in marked
    )
