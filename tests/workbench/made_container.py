"""A container whose every pixel is known, laid in a workspace for the viewer to show."""

import json

import numpy as np
import tifffile
from made_queue import NOW, number, queue_row
from made_views import layer

from scantriage.io.views import write_views
from scantriage.pipeline.dual_energy import dual_curves
from scantriage.scan.finding import Reading
from scantriage.scan.record import ScanRecord
from scantriage.scan.views import FineViews, LayerFacts
from scantriage.store import preferences, queue
from scantriage.store.preferences import Preferences
from scantriage.store.readings import ReadingKey, put_reading
from scantriage.store.scans import StoredScan, put_scan
from scantriage.store.schema import contents

LENGTH_M, HEIGHT_M = 12.192, 2.591
TOP_M, PITCH_M = 3.3, 0.005  # of made_views.layer
SCALE, OFFSET = 2.0**-13, -0.25
ROWS, COLS = 740, 2438  # down to 0.4 m below the floor; two tiles
DARK, AIR = 400.0, 50_000.0

# metres: x0, x1, z0, z1
ADDED = (3.0, 3.4, 1.0, 1.3)
REMOVED = (6.0, 6.5, 1.0, 1.5)
OPAQUE, UNSEEN = (8.0, 9.0, 1.0, 2.0), (10.0, 11.0, 1.0, 2.0)
ORGANIC, INORGANIC, METAL, THIN, THICK = ((x, x + 0.3, 0.2, 0.6) for x in (1.0, 2.0, 3.0, 4.0, 5.0))
BLOCKS = {"organic": (ORGANIC, 1.5), "inorganic": (INORGANIC, 1.5), "metal": (METAL, 1.5), "thin": (THIN, 0.05),
          "thick": (THICK, 7.0)}  # fmt: skip
GOODS = 0.5  # attenuation of the rescan where nothing else is


def pixels_of(box, *, pitch=PITCH_M):
    """Rows and columns of a box in metres."""
    x0, x1, z0, z1 = box
    rows = slice(round((TOP_M - z1) / pitch), round((TOP_M - z0) / pitch))
    return rows, slice(round(x0 / pitch), round(x1 / pitch))


def codes_of(attenuation):
    return np.rint((attenuation - OFFSET) / SCALE)


def origin_codes():
    """Noise over ramps from 0 to 6, 3 m each: every grey level in every window."""
    ramp = (6 / 600 * (np.arange(COLS) % 600))[np.newaxis]
    return codes_of(np.clip(ramp + np.random.default_rng(3).normal(0, 0.2, (ROWS, COLS)), -0.2, 7.5))


def rescan_attenuation():
    attenuation = np.full((ROWS, COLS), GOODS)
    attenuation[pixels_of(ADDED)] = 2.0
    for box, value in BLOCKS.values():
        attenuation[pixels_of(box)] = value
    return attenuation


def known_views(*, files=True):
    """Both scans, a difference, blind areas, and in the rescan blocks of three materials."""
    curves = dual_curves(6.0, 4.0)
    rescan = rescan_attenuation()
    flat, lower = np.full((ROWS, COLS), GOODS), np.interp(rescan, curves["attenuation"], curves["inorganic"])
    for name in ("organic", "metal"):
        here = pixels_of(BLOCKS[name][0])
        lower[here] = np.interp(rescan[here], curves["attenuation"], curves[name])
    difference, significance = np.zeros((370, 1219)), np.zeros((370, 1219))
    for box, sign in ((ADDED, 1), (REMOVED, -1)):
        difference[pixels_of(box, pitch=0.01)], significance[pixels_of(box, pitch=0.01)] = 0.8 * sign, 9.0 * sign
    blind = np.zeros((370, 1219))
    blind[pixels_of(OPAQUE, pitch=0.01)], blind[pixels_of(UNSEEN, pitch=0.01)] = 2 + 8, 1 + 4
    mass = {"energy_mv": 6.0, "effective_cm2_g": 0.0519, "hardening": 0.027}
    layers = {
        "origin": layer(origin_codes(), **mass),
        "rescan": layer(codes_of(rescan), **mass),
        "origin_low": layer(codes_of(flat), energy_mv=4.0),
        "rescan_low": layer(codes_of(lower), energy_mv=4.0),
        "difference": layer(np.rint((difference + 4) / SCALE), pitch_m=0.01, offset=-4.0),
        "significance": layer(np.rint((significance + 32) * 1024), quantity="sigma", pitch_m=0.01, scale=2.0**-10,
                              offset=-32.0),
        "blind": layer(blind, quantity="flags", pitch_m=0.01, scale=1.0, offset=0.0),
    }  # fmt: skip
    shape = file_counts().shape
    counts = LayerFacts("counts", *shape, 0.0, shape[0] * 0.02, 0.02, 0.02, energy_mv=6.0, dark=DARK, air=AIR)
    kept = {f"{role}_file": counts for role in ("origin", "rescan")} if files else {}
    return FineViews(LENGTH_M, HEIGHT_M, layers, kept, dict.fromkeys(("origin", "rescan"), curves))


def file_counts():
    """(R, C) counts of the files as delivered, both the same: air, and a block that lets a tenth through."""
    counts = np.full((200, 700), AIR, dtype=np.uint16)
    counts[100:150, 300:400] = round(DARK + (AIR - DARK) / 10)
    counts[:5] = 0
    return counts


def lay(workbench, *, n=2, views=None):
    """Containers 1 to n in the queue, each with the same views and its scans."""
    places, views = workbench.places, views or known_views()
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [_row(place) for place in range(1, n + 1)], NOW)
        preferences.save(connection, Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=1.0))
        for place in range(1, n + 1):
            digest = f"digest-{place}"
            sha256s = [_keep_scan(connection, places, place, role) for role in ("origin", "rescan")]
            put_reading(connection, ReadingKey(number(place), digest, *sha256s), Reading("compared"), at=NOW)
            places.views(digest).parent.mkdir(parents=True, exist_ok=True)
            write_views(places.views(digest), views)


def _row(place):
    """A row with two findings, the larger first."""
    line = json.loads(queue_row(place).row)
    line["findings"] = [
        _finding("added", ADDED, 9.0, 40.0, [100, 150, 300, 400]), _finding("removed", REMOVED, -9.0, 12.0, None)
    ]  # fmt: skip
    line["evidence"] = [
        {"name": "added_cargo", "contribution": 3.0, "sentence": "Added: about 40 kg."},
        {"name": "base_rate", "contribution": -5.0, "sentence": "One in a hundred and fifty."},
        {"name": "reefer", "contribution": -0.5, "sentence": "The reefer is as it was."},
    ]
    line["reason"] = f"The scan {line['origin_scan']}.tif is like NLRTM-MSCU1234567-2."
    return queue_row(place, row=json.dumps(line))


def _finding(kind, box, significance, mass_kg, pixels):
    return {
        "kind": kind, "zone": "cargo", "significance": significance, "mass_kg": mass_kg, "mass_kg_sd": 4.0,
        "origin_box": pixels, "rescan_box": pixels, "container_box_m": list(box), "sentence": f"{kind}: about that.",
    }  # fmt: skip


def _keep_scan(connection, places, place, role):
    sha256, scan_id = f"{place:02d}{role}".ljust(64, "0"), f"SCAN-{role}-{number(place)}"
    path = places.scan(sha256, ".tif")
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, file_counts(), photometric="minisblack")
    record = ScanRecord(scan_id, (number(place),), role, "ECGYE", NOW, sha256, "raw")
    where = path.relative_to(places.root)
    kept = {"sha256": sha256, "path": str(where), "n_bytes": 1, "kept_at": "2026-10-01T12:00:00Z"}
    connection.execute(contents.insert().values(kept))
    put_scan(connection, StoredScan(record, where, f"{scan_id}.tif", "used"), at=NOW)
    return sha256
