"""Who can act: the ports that open containers on our word."""

from __future__ import annotations

from scantriage.rank.case import Case

# in the Netherlands: Rotterdam, Vlissingen, Terneuzen, Moerdijk, Amsterdam, IJmuiden;
# partners: Antwerp, Hamburg, Bremerhaven, Zeebrugge, Dunkirk
ACTING_PORTS = frozenset(
    {"NLRTM", "NLVLI", "NLTNZ", "NLMOE", "NLAMS", "NLIJM", "BEANR", "DEHAM", "DEBRV", "BEZEE", "FRDKK"}
)


def port_of_arrival(case: Case) -> str | None:
    """The port that can open the container on arrival.

    The port of discharge where it is ours or a partner's, otherwise the site of the rescan; if neither is,
    the port of discharge all the same, for others to be told. None where nothing is known.
    """
    discharge = case.manifest.port_of_discharge if case.manifest else None
    site = case.rescan.site if case.rescan else None
    known = [port for port in (discharge, site) if port]
    return next((port for port in known if port in ACTING_PORTS), known[0] if known else None)


def port_of_origin(case: Case) -> str | None:
    """The port that can hold the container at its source: where its origin scan was made."""
    return case.origin.site if case.origin else None
