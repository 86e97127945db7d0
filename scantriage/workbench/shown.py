"""What of a container's paperwork each role is shown; pages, exports and the API all ask here."""

from __future__ import annotations

from collections.abc import Mapping

# what the goods are, and how the container travels: without it no picture can be judged
_CARGO = ("size_type", "hs_code", "goods", "gross_kg", "port_of_loading", "port_of_discharge")
# by these the container would be known, or found again elsewhere
_IDENTITY = ("container_id", "vessel", "voyage", "eta", "seal", "bill_of_lading")
# persons and firms
_PARTIES = ("shipper", "consignee")

FIELDS_SHOWN: dict[str, tuple[str, ...]] = {
    "analyst": _CARGO,
    "analyst_decided": (*_CARGO, *_IDENTITY),
    "partner": (*_CARGO, *_IDENTITY),
    "supervisor": (*_CARGO, *_IDENTITY, *_PARTIES),
    "auditor": (*_CARGO, *_IDENTITY, *_PARTIES),
    "administrator": (),
}


def shown_manifest(manifest: Mapping[str, object], role: str, *, decided: bool = False) -> dict[str, object]:
    """The fields of a manifest row that this role may see, in a fixed order, without those that are empty.

    decided: whether the analyst has given a decision on this container; only then its number and ship are shown.
    """
    fields = FIELDS_SHOWN["analyst_decided" if role == "analyst" and decided else role]
    return {name: manifest[name] for name in fields if manifest.get(name) not in (None, "")}
