"""The one table that knows where things lie in a workspace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Places:
    """Paths inside a workspace; ranking.jsonl, ranking.csv and run.json lie in ``root`` itself."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite database."""
        return self.root / "scantriage.db"

    @property
    def lock(self) -> Path:
        """Held by the run that writes."""
        return self.root / "lock"

    @property
    def signing_key(self) -> Path:
        """The private key that signs what leaves and the trail's checkpoints."""
        return self.root / "signing_key.pem"

    def package(self, referral_id: str) -> Path:
        """Where the package of a referral lies."""
        return self.root / "referrals" / f"{_UNSAFE.sub('_', referral_id)}.zip"

    @property
    def log(self) -> Path:
        """What happened, one JSON object per line."""
        return self.root / "log.jsonl"

    @property
    def audit_key(self) -> Path:
        """The private key that signs the trail's checkpoints, unless the settings name another place."""
        return self.root / "audit.key"

    @property
    def audit_checkpoints(self) -> Path:
        """The trail's checkpoints once more, outside the database."""
        return self.root / "audit-checkpoints.jsonl"

    @property
    def settings(self) -> Path:
        """Settings of this workspace, if somebody wrote any."""
        return self.root / "scantriage.toml"

    @property
    def scanners(self) -> Path:
        """Profiles of scanners, if somebody put any there."""
        return self.root / "scanners"

    @property
    def printed(self) -> Path:
        """What the libraries in the worker processes print."""
        return self.root / "workers.log"

    @property
    def monitoring(self) -> Path:
        """The monitoring report of the last run."""
        return self.root / "monitoring.json"

    @property
    def demonstration(self) -> Path:
        """Marks a workspace as a demonstration, and tells its accounts."""
        return self.root / "demonstration.json"

    @property
    def incoming(self) -> Path:
        """Where archives are unpacked while they are read; emptied afterwards."""
        return self.root / "incoming"

    def scan(self, sha256: str, suffix: str) -> Path:
        """Where the scan file with this content lies."""
        return self.root / "scans" / sha256[:2] / f"{sha256}{suffix}"

    def quarantined(self, sha256: str, suffix: str) -> Path:
        """Where a scan file lies that must not be used."""
        return self.root / "quarantine" / sha256[:2] / f"{sha256}{suffix}"

    def picture(self, container_id: str) -> Path:
        """Where the picture of a container lies."""
        return self.root / "pictures" / f"{_UNSAFE.sub('_', container_id)}.jpg"

    def photo(self, sha256: str) -> Path:
        """Where the photograph with this content lies."""
        return self.root / "photos" / sha256[:2] / f"{sha256}.jpg"

    def views(self, digest: str) -> Path:
        """Where the views of the reading with this digest lie."""
        return self.root / "views" / digest[:2] / f"{digest}.tif"

    def thumbnail(self, digest: str) -> Path:
        """Where the small picture of the reading with this digest lies."""
        return self.views(digest).with_suffix(".jpg")

    def projected(self, name: str) -> Path:
        """Where the views of a reading with a projected load lie: as real ones do, in a folder of their own."""
        return self.root / "tips" / name[:2] / f"{name}.tif"
