"""The pixels that the viewer shows: what there is, its tiles, a drawn picture, and the small one for lists.

An analyst reaches them by an assignment that is before them or about to be, and by nothing else; supervisors and
auditors by the container's number. Nothing here names a scan, a file or, to analysts, a container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi import Path as InAddress
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from scantriage.io.originals import Original, read_original_tile
from scantriage.io.view_picture import Look, Region, draw_jpeg
from scantriage.io.views import KeptFacts, NoSuchView, read_facts, read_halved_tile, read_view_tile
from scantriage.scan.views import BLIND, LayerFacts
from scantriage.store import assignments, audit, queue, scans, tips
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.viewed import Viewed

router = APIRouter()
Worker = Annotated[SignedIn, Depends(signed_in("analyst", "supervisor"))]
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]
LayerName = Annotated[str, InAddress(max_length=30)]
TilePlace = Annotated[int, InAddress(ge=0, le=10_000)]
Halved = Annotated[bool, Query()]

_BEFORE_SOMEBODY = ("open", "coming")
# of an assignment, whose reading never changes: what was fetched ahead for the next container is not fetched again.
# A container may be read anew any time, and its tiles must not be mixed
_FOR_GOOD = {"Cache-Control": "private, max-age=900, immutable"}
_viewed = Viewed()


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where the pixels of a container lie: its views, the small picture, and by role its scans as delivered.

    headers: that go with every answer.
    """

    views: Path
    thumbnail: Path
    originals: Mapping[str, Original]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskedPicture:
    """A drawn picture as it is asked for; no layer: origin scan, rescan and difference one above the other.

    x, z, metres: centre and width of the part to draw, metres of the container; without them all of it. px: width of
    the picture. low, high: where grey begins and ends, attenuation or, where linear, transmission; without them all.
    """

    layer: Annotated[str | None, Query(max_length=30)] = None
    x: Annotated[float | None, Query(ge=-20, le=40)] = None
    z: Annotated[float | None, Query(ge=-20, le=40)] = None
    metres: Annotated[float | None, Query(ge=0.1, le=60)] = None
    px: Annotated[int, Query(ge=64, le=2400)] = 1400
    low: Annotated[float | None, Query(ge=-1, le=20)] = None
    high: Annotated[float | None, Query(ge=-1, le=20)] = None
    linear: bool = False
    invert: bool = False

    @property
    def look(self) -> Look:
        """How values become grey; 422 where it ends before it begins."""
        if self.low is None or self.high is None:
            return Look(None, self.linear, self.invert)
        if not self.low < self.high:
            raise HTTPException(422)
        return Look((self.low, self.high), self.linear, self.invert)

    @property
    def region(self) -> Region | None:
        """The part to draw, three times as wide as high; None for all of it."""
        if self.x is None or self.z is None or self.metres is None:
            return None
        return Region(self.x, self.z, self.metres, self.px, self.px // 3)


def assigned(here: Here, who: Worker, assignment_id: str) -> Pictures:
    """A dependency: the pictures of an assignment that is before this person or about to be, else 404."""
    with here.database.reading() as connection:
        assignment = assignments.find(connection, assignment_id)
        if assignment is None or assignment.account_id != who.account_id or assignment.state not in _BEFORE_SOMEBODY:
            raise HTTPException(404)
        pictures = _pictures(connection, here, assignment.container_id, assignment.reading_digest)
        if assignment.tip_id is not None:
            pictures = _projected(connection, here, assignment.tip_id, pictures)
    _note(here, who, assignment.container_id, {"assignment": assignment_id})
    return replace(pictures, headers=_FOR_GOOD)


def known(here: Here, who: Overseer, container_id: str) -> Pictures:
    """A dependency: the pictures of a container of the queue, else 404."""
    pictures = _known(here, container_id)
    _note(here, who, container_id, {})
    return pictures


Assigned = Annotated[Pictures, Depends(assigned)]
Known = Annotated[Pictures, Depends(known)]


@router.get("/views/{assignment_id}/meta.json")
def assigned_meta(pictures: Assigned) -> JSONResponse:
    """What there is to look at."""
    return _meta(pictures)


@router.get("/containers/{container_id}/views/meta.json")
def known_meta(pictures: Known) -> JSONResponse:
    """What there is to look at."""
    return _meta(pictures)


@router.get("/views/{assignment_id}/{layer}/{row}/{col}.bin")
def assigned_tile(
    pictures: Assigned, layer: LayerName, row: TilePlace, col: TilePlace, halved: Halved = False
) -> Response:
    """One tile: unsigned 16 bit, little-endian, row by row."""
    return _tile(pictures, layer, row, col, halved=halved)


@router.get("/containers/{container_id}/views/{layer}/{row}/{col}.bin")
def known_tile(pictures: Known, layer: LayerName, row: TilePlace, col: TilePlace, halved: Halved = False) -> Response:
    """One tile: unsigned 16 bit, little-endian, row by row."""
    return _tile(pictures, layer, row, col, halved=halved)


@router.get("/views/{assignment_id}/picture.jpg")
def assigned_picture(pictures: Assigned, asked: Annotated[AskedPicture, Depends()]) -> Response:
    """The views as the server draws them."""
    return _picture(pictures, asked)


@router.get("/containers/{container_id}/views/picture.jpg")
def known_picture(pictures: Known, asked: Annotated[AskedPicture, Depends()]) -> Response:
    """The views as the server draws them."""
    return _picture(pictures, asked)


@router.get("/views/{assignment_id}/thumb.jpg")
def assigned_thumbnail(pictures: Assigned) -> Response:
    """The small picture."""
    return _thumbnail(pictures)


@router.get("/containers/{container_id}/thumb.jpg")
def known_thumbnail(here: Here, who: Overseer, container_id: str) -> Response:  # noqa: ARG001  (the list was noted)
    """The small picture, for lists, which say themselves who saw them."""
    return _thumbnail(_known(here, container_id))


def _known(here: Workbench, container_id: str) -> Pictures:
    with here.database.reading() as connection:
        row = queue.row_of(connection, container_id)
        if row is None:
            raise HTTPException(404)
        return _pictures(connection, here, container_id, row.reading_digest)


def _pictures(connection: Connection, here: Workbench, container_id: str, digest: str) -> Pictures:
    read = scans.scans_read(connection, container_id, digest)
    originals: dict[str, Original] = {
        role: Original(here.places.root / scan.path, scan.record.rows) for role, scan in read.items()
    }
    return Pictures(here.places.views(digest), here.places.thumbnail(digest), originals)


def _projected(connection: Connection, here: Workbench, tip_id: int, real: Pictures) -> Pictures:
    """The same container with a projected load in it: in its views, and in its rescan as delivered."""
    tip = tips.find_tip(connection, tip_id)
    if tip is None or "rescan" not in real.originals:
        raise HTTPException(404)
    views, thumbnail, rescan = (here.places.root / file for file in tips.files_of(tip.views))
    changed = Original(rescan, real.originals["rescan"].rows)
    return Pictures(views, thumbnail, {**real.originals, "rescan": changed})


def _note(here: Workbench, who: SignedIn, container_id: str, facts: dict[str, object]) -> None:
    """Write into the trail that somebody looks at a container; once in a session, not with every tile."""

    def write() -> None:
        with here.database.writing() as connection:
            audit.append(
                connection, actor=audit.actor_of(who.account_id), kind="pictures_viewed", at=here.clock(),
                container_id=container_id, facts=facts,
            )  # fmt: skip

    _viewed.once((who.session, container_id, *facts.values()), write)


def _meta(pictures: Pictures) -> JSONResponse:
    kept = _facts(pictures)
    layers = {**kept.facts.layers, **_files(kept, pictures)}
    told: dict[str, Any] = {
        "size": {"length_m": kept.facts.length_m, "height_m": kept.facts.height_m},
        "tile": kept.tile,
        "layers": {
            name: {key: value for key, value in asdict(facts).items() if value is not None}
            for name, facts in layers.items()
        },
        "blind": BLIND,
        "dual": kept.facts.dual,
    }
    return JSONResponse(told, headers=dict(pictures.headers))


def _tile(pictures: Pictures, layer: str, row: int, col: int, *, halved: bool) -> Response:
    kept = _facts(pictures)
    try:
        if layer in kept.facts.layers:
            codes = (read_halved_tile if halved else read_view_tile)(pictures.views, layer, row, col)
        else:
            files = _files(kept, pictures)
            if layer not in files or halved:
                raise HTTPException(404)
            role, _, place = layer.partition("_file")
            codes = read_original_tile(
                pictures.originals[role], files[layer], plane=int(place[1:] or 1) - 1, tile=kept.tile, row=row, col=col
            )  # fmt: skip
    except NoSuchView as error:
        raise HTTPException(404) from error
    return Response(
        codes.astype("<u2", copy=False).tobytes(), media_type="application/octet-stream", headers=pictures.headers
    )


def _picture(pictures: Pictures, asked: AskedPicture) -> Response:
    try:
        drawn = draw_jpeg(pictures.views, asked.look, layer=asked.layer, width=asked.px, region=asked.region)
    except NoSuchView as error:
        raise HTTPException(404) from error
    return Response(drawn, media_type="image/jpeg", headers=pictures.headers)


def _thumbnail(pictures: Pictures) -> Response:
    try:
        return Response(pictures.thumbnail.read_bytes(), media_type="image/jpeg", headers=pictures.headers)
    except OSError as error:
        raise HTTPException(404) from error


def _facts(pictures: Pictures) -> KeptFacts:
    try:
        return read_facts(pictures.views)
    except NoSuchView as error:
        raise HTTPException(404) from error


def _files(kept: KeptFacts, pictures: Pictures) -> dict[str, LayerFacts]:
    """The layers that are the scans as delivered, of which the files are still kept."""
    return {
        name: facts
        for name, facts in kept.facts.files.items()
        if (role := name.partition("_file")[0]) in pictures.originals and pictures.originals[role].path.exists()
    }
