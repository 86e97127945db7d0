"""A delivery as it comes in: a folder, or an archive of one; which files belong together and what is wrong.

Nothing in it is moved or changed (FORMAT: a delivery).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scantriage.errors import UnusableInput
from scantriage.io.archive import unpack
from scantriage.io.checksums import CHECKSUM_FILE, read_checksums, sha256_of
from scantriage.io.problem import Problem, shown
from scantriage.io.profiles import PROFILE_FOLDER

DICOS_SUFFIXES = frozenset({".dcs", ".dcm"})
IMAGE_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg"}) | DICOS_SUFFIXES
ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz"})
MANIFEST = "manifest.csv"
_WANTED = IMAGE_SUFFIXES | {".json", ".toml", MANIFEST, CHECKSUM_FILE.lower()}


@dataclass(frozen=True, slots=True)
class DeliveredScan:
    """One image and what lies beside it.

    name: the image's path in the delivery. sidecar: None for a DICOS file that comes alone. sha256,
    sidecar_sha256: as SHA256SUMS gives them, None where it does not. manifest, scanners: the manifest and the
    folder of scanner profiles nearest above the image.
    """

    name: str
    image: Path
    sidecar: Path | None
    sha256: str | None
    sidecar_sha256: str | None
    manifest: Path | None
    scanners: Path | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """All scans of a delivery in the order of their paths, its manifests, and what could not be used."""

    scans: tuple[DeliveredScan, ...]
    manifests: tuple[Path, ...]
    problems: tuple[Problem, ...]


def open_delivery(path: Path, scratch: Path) -> Delivery:
    """Look through a folder, .zip, .tar or .tar.gz; an archive is unpacked into ``scratch``, an empty folder.

    UnusableInput (or UnsafeArchive): there is no such delivery, or the archive as a whole is refused.
    Whatever is wrong with a single file is a problem, and the others go on.
    """
    if path.is_dir():
        return _look_through(path.resolve(), [])
    if not path.exists():
        raise UnusableInput(f"There is no delivery {path}.")
    if not path.is_file() or path.suffix.lower() not in ARCHIVE_SUFFIXES:
        raise UnusableInput(f"{path} is neither a folder nor a .zip, .tar or .tar.gz archive.")
    problems = unpack(path, scratch, wanted=_WANTED)
    return _look_through(scratch.resolve(), problems)


def _look_through(root: Path, problems: list[Problem]) -> Delivery:
    files = list(_regular_files(root, problems))
    digests = _digests(files, root, problems)
    manifests = {
        file.parent: file
        for file in files
        if file.name.lower() == MANIFEST and not _is_altered(file, digests, root, problems)
    }
    scanners = {file.parent.parent: file.parent for file in files if _is_profile(file)}
    scans = [
        DeliveredScan(
            name=_name(image, root),
            image=image,
            sidecar=sidecar,
            sha256=digests.get(image),
            sidecar_sha256=digests.get(sidecar) if sidecar else None,
            manifest=_nearest(manifests, image, root),
            scanners=_nearest(scanners, image, root),
        )
        for image, sidecar in _paired(files, root, problems)
    ]
    return Delivery(tuple(scans), tuple(sorted(manifests.values())), tuple(problems))


def _name(file: Path, root: Path) -> str:
    return shown(file.relative_to(root).as_posix())


def _regular_files(root: Path, problems: list[Problem]) -> Iterator[Path]:
    """Files at any depth, sorted; hidden ones and links that lead out are left."""

    def unreadable(error: OSError) -> None:
        name = _name(Path(error.filename), root)
        problems.append(Problem(name, f"{name} cannot be read ({error.strerror})."))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted([*names, *(name for name in folders if (Path(folder) / name).is_symlink())]):
            file = Path(folder) / name
            if name.startswith("."):
                continue
            leads_out = not Path(os.path.realpath(file)).is_relative_to(root)
            if file.is_symlink() and (leads_out or file.is_dir()):
                problems.append(Problem(_name(file, root), f"{_name(file, root)} is a link and was not followed."))
            elif not name.isprintable():
                problems.append(Problem(_name(file, root), f"{_name(file, root)} has a name that cannot be used."))
            elif file.is_file():
                yield file


def _is_profile(file: Path) -> bool:
    return file.parent.name == PROFILE_FOLDER and file.suffix == ".toml"


def _digests(files: list[Path], root: Path, problems: list[Problem]) -> dict[Path, str]:
    """What all SHA256SUMS of the delivery say; a listed scan, sidecar or manifest that is not there is a problem."""
    digests: dict[Path, str] = {}
    for file in files:
        if file.name == CHECKSUM_FILE:
            listed, sentences = read_checksums(file)
            digests |= listed
            problems += [Problem(_name(file, root), sentence) for sentence in sentences]
    for missing in sorted(digests.keys() - set(files)):
        if missing.suffix.lower() in IMAGE_SUFFIXES | {".json", ".csv"}:
            name = _name(missing, root)
            problems.append(Problem(name, f"{name} is listed in {CHECKSUM_FILE} and missing."))
    return digests


def _is_altered(manifest: Path, digests: dict[Path, str], root: Path, problems: list[Problem]) -> bool:
    """Whether a manifest is not what its checksum says; such a one is a problem and is not used."""
    expected = digests.get(manifest)
    try:
        altered = expected is not None and sha256_of(manifest) != expected
    except OSError:  # told when it is read
        return False
    if altered:
        name = _name(manifest, root)
        problems.append(Problem(name, f"{name} does not match its checksum in {CHECKSUM_FILE} and is not used."))
    return altered


def _paired(files: list[Path], root: Path, problems: list[Problem]) -> Iterator[tuple[Path, Path | None]]:
    """Each image with its sidecar, by the name without suffix; whatever has no partner is a problem."""
    images: defaultdict[Path, list[Path]] = defaultdict(list)
    sidecars: dict[Path, Path] = {}
    for file in files:
        suffix = file.suffix.lower()
        if suffix in IMAGE_SUFFIXES:
            images[file.with_suffix("")].append(file)
        elif suffix == ".json":
            sidecars[file.with_suffix("")] = file
        elif suffix in ARCHIVE_SUFFIXES:
            name = _name(file, root)
            problems.append(Problem(name, f"{name} is an archive inside a delivery and was not opened."))
    for stem, alike in images.items():
        sidecar = sidecars.pop(stem, None)
        name = _name(alike[0], root)
        if len(alike) > 1:
            others = ", ".join(file.name for file in alike[1:])
            problems.append(Problem(name, f"{name} and {others} share one name, so whose sidecar it is stays open."))
        elif sidecar is None and alike[0].suffix.lower() not in DICOS_SUFFIXES:
            problems.append(Problem(name, f"{name} has no sidecar {stem.name}.json beside it."))
        else:
            yield alike[0], sidecar
    for sidecar in sidecars.values():
        name = _name(sidecar, root)
        problems.append(Problem(name, f"{name} has no scan beside it."))


def _nearest(by_folder: dict[Path, Path], image: Path, root: Path) -> Path | None:
    """What the image's own folder has, or the nearest above it inside the delivery."""
    for folder in image.parents:
        if folder in by_folder:
            return by_folder[folder]
        if folder == root:
            return None
    return None
