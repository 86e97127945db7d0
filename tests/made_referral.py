"""Facts of a referral for tests, as ``referral.json`` has them, with texts that would be markup elsewhere."""

from datetime import UTC, datetime

MADE_AT = datetime(2026, 10, 28, 9, 31, 5, 123456, tzinfo=UTC)
NASTY = '#import "/etc/passwd" \\ <script>alert(1)</script> $x^2$ *bold* @cite {reason} #eval("1")'


def referral_facts(**changed):
    place = {"x0_m": 0.0, "x1_m": 12.192, "bottom_m": -0.1, "top_m": 3.1}
    scan = {"scanner_id": None, "energies_mev": None, "kind": "display", "sha256": "cd" * 32}
    facts = {
        "schema": "scantriage-referral-1", "program": "scantriage 0.1.0", "referral": "5f2c",
        "made_at": "2026-10-28T09:31:05.123456Z", "container_id": "HLBU1527916",
        "receiver": {"place": "NLRTM", "name": "Rotterdam"},
        "decision": {
            "number": 12, "verdict": "refer", "action": "inspect_at_port", "place": "NLRTM",
            "reason": NASTY, "decided_at": "2026-10-28T08:30:00.000000Z",
        },
        "reading": {
            "outcome": "compared", "reason": None, "priority": 0.31, "agreement": 0.93, "blind_fraction": 0.004,
            "findings": [{
                "kind": "added", "zone": "door_end", "significance": 5.2, "mass_kg": 1096.5, "mass_kg_sd": 6.0,
                "origin_box": [10, 60, 20, 90], "rescan_box": None, "container_box_m": [11.0, 11.6, 0.3, 1.1],
                "sentence": "Added: about 1096 kg behind the doors.",
            }],
            "evidence": [
                {"name": "base_rate", "contribution": -6.907, "sentence": "About 0.1%."},
                {"name": "learned", "contribution": 3.2, "sentence": "By what simulated pairs taught."},
                {"name": "added_door_end", "contribution": 3.1, "sentence": "Added: about 1096 kg behind the doors."},
                {"name": "cargo_mass", "contribution": 0.1, "sentence": "The scan shows."},
                {"name": "no_air", "contribution": 0.05, "sentence": "No open beam."},
                {"name": "look_alikes", "contribution": -0.3, "sentence": None},
            ],
        },
        "cargo_kg": 10400.0, "flags": ["no_air", "opposite_sides"],
        "manifest": {
            "size_type": "45R1", "hs_code": "0803", "goods": NASTY, "gross_kg": 9800.0, "port_of_loading": "ECGYE",
            "port_of_discharge": "NLRTM", "vessel": NASTY, "voyage": None, "eta": "2026-10-25T03:01:59Z",
            "seal": "香蕉\u202e\x00", "bill_of_lading": "BL1",
        },
        "scans": [
            {"role": "origin", "scan_id": "E-1", "site": "ECGYE", "acquired_at": "2026-10-01T02:59:54+00:00", **scan},
            {"role": "rescan", "scan_id": "N-1", "site": "NLRTM", "acquired_at": "2026-10-27T02:59:54+00:00", **scan},
        ],
        "annotations": [
            {"shape": "box", "points_m": [[1.0, 0.5], [2.0, 1.4]], "text": NASTY},
            {"shape": "point", "points_m": [[5.0, 1.0]], "text": ""},
            {"shape": "polygon", "points_m": [[7.0, 0.5], [8.0, 1.0], [7.5, 2.0]], "text": ""},
            {"shape": "text", "points_m": [[7.0, 0.5]], "text": "dark"},
        ],
        "pictures": [
            {"file": f"pictures/{view}.jpg", "sha256": "00" * 32, "view": view, **place}
            for view in ("origin", "rescan", "difference")
        ],
        "files": [{"name": "referral.json", "sha256": "ef" * 32}], "content_sha256": "12" * 32, "key_sha256": "34" * 32,
    }  # fmt: skip
    return facts | changed
