"""Small deliveries in the form of FORMAT, written from scratch, and an engine without processes."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from made_engine import InlineEngine

BOX, OTHER_BOX, THIRD_BOX = "HLBU1527916", "TEMU6943080", "MSCU1243697"


class DeliveryWriter:
    """Writes scans of 64 x 80 random counts: enough for all that does not look into them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def scan(
        self, role, box=BOX, *, day=None, scan_id=None, seed=0, folder="", shape=(64, 80), compression=None, **sidecar
    ):
        """Write a scan with its sidecar, and give the image's path; a None leaves a field of the sidecar out."""
        day = day or {"origin": 1, "rescan": 20}[role]
        fields = {
            "scan_id": scan_id or f"{role}-{box}-{day}",
            "container_id": box,
            "role": role,
            "site": {"origin": "ECGYE", "rescan": "NLRTM"}[role],
            "acquired_at": f"2026-10-{day:02d}T12:00:00Z",
        } | sidecar
        image = self.root / folder / f"{fields['scan_id']}.tif"
        image.parent.mkdir(parents=True, exist_ok=True)
        digits = hashlib.sha256(f"{image.name}{seed}".encode()).digest()
        counts = np.random.default_rng(list(digits)).integers(0, 60_000, shape, dtype=np.uint16)
        tifffile.imwrite(image, counts, compression=compression)
        image.with_suffix(".json").write_text(json.dumps({k: v for k, v in fields.items() if v is not None}))
        return image

    def pair(self, box=BOX, **options):
        return self.scan("origin", box, **options), self.scan("rescan", box, **options)

    def manifest(self, *rows, folder=""):
        path = self.root / folder / "manifest.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, sorted({name for row in rows for name in row}))
            table.writeheader()
            table.writerows(rows)

    def checksums(self):
        files = sorted(file for file in self.root.rglob("*") if file.is_file())
        lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(self.root)}\n" for file in files)
        (self.root / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def delivery(tmp_path):
    root = tmp_path / "delivery"
    root.mkdir()
    return DeliveryWriter(root)


@pytest.fixture
def second_delivery(tmp_path):
    root = tmp_path / "second"
    root.mkdir()
    return DeliveryWriter(root)


@pytest.fixture
def inline_engine():
    return InlineEngine()
