"""Scans of containers on a chassis whose outline is known to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scantriage.scan.image import ScanImage

NOISE = 0.011  # of the attenuation of air: 8,000 quanta


@dataclass(frozen=True)
class Box:
    """One container: outer ends in columns, height and upper edge in rows, length in metres."""

    left: float
    right: float
    roof: float
    height: float
    length_m: float = 12.192
    doors: str = "right"
    reefer: bool = False
    cargo: float = 0.0

    @property
    def col_per_m(self) -> float:
        return (self.right - self.left) / self.length_m

    @property
    def row_per_m(self) -> float:
        return self.height / 2.591


class Scene:
    """An attenuation image to draw into; ``tilt`` lowers the right edge of the image by so many rows."""

    def __init__(self, n_rows=520, n_cols=1400, *, tilt=0.0):
        self.attenuation = np.zeros((n_rows, n_cols))
        self.drop = tilt * (np.arange(n_cols) + 0.5) / n_cols

    def block(self, left, right, top, bottom, attenuation):
        n_rows, n_cols = self.attenuation.shape
        first, last = int(np.clip(left, 0, n_cols)), int(np.clip(np.ceil(right), 0, n_cols))
        high, low = int(max(0, top - abs(self.drop).max())), int(min(n_rows, bottom + abs(self.drop).max() + 1))
        cols = np.arange(first, last)
        rows = np.arange(high, max(high, low))[:, None] - self.drop[first:last]
        across = np.clip(np.minimum(right, cols + 1) - np.maximum(left, cols), 0, 1)
        down = np.clip(np.minimum(bottom, rows + 1) - np.maximum(top, rows), 0, 1)
        self.attenuation[high : max(high, low), first:last] += attenuation * down * across

    def container(self, box: Box):
        x, z = box.col_per_m, box.row_per_m
        top, bottom = box.roof, box.roof + box.height
        self.block(box.left, box.right, top, bottom - 0.15 * z, 0.1)
        self.block(box.left, box.right, top, top + 0.06 * z, 0.5)
        for post in (box.left, box.right - 0.16 * x):
            self.block(post, post + 0.16 * x, top, bottom, 0.3)
            for casting in (top, bottom - 0.12 * z):
                self.block(post, post + 0.16 * x, casting, casting + 0.12 * z, 1.2)
        self.block(box.left, box.right, bottom - 0.3 * z, bottom - 0.15 * z, 0.8)
        self.block(box.left, box.right, bottom - 0.04 * z, bottom, 0.5)
        for member in np.arange(box.left, box.right - 0.05 * x, 0.3 * x):
            self.block(member, member + 0.05 * x, bottom - 0.15 * z, bottom, 0.5)
        outward = 1 if box.doors == "right" else -1
        door, front = (box.right, box.left) if outward > 0 else (box.left, box.right)
        self._upright(door, -0.05 * x * outward, top + 0.1 * z, bottom, 2.5)
        self._upright(door, 0.05 * x * outward, top + 0.15 * box.height, top + 0.8 * box.height, 0.6)
        self._upright(front, 0.05 * x * outward, top + 0.1 * z, bottom, 0.6)
        if box.reefer:
            rng = np.random.default_rng(5)
            for depth in np.arange(0.1, 0.8, 0.07):
                start = front + outward * rng.uniform(0.15, 0.4) * x
                row = top + depth * box.height
                self._upright(start, 0.3 * x * outward, row, row + 0.03 * box.height, rng.uniform(0.8, 2.5))
        if box.cargo:
            self.block(box.left + 0.6 * x, box.right - 0.3 * x, top + 0.15 * box.height, bottom - 0.3 * z, box.cargo)

    def _upright(self, at, width, top, bottom, attenuation):
        self.block(min(at, at + width), max(at, at + width), top, bottom, attenuation)

    def chassis(self, left, right, top, z):
        self.block(left, right, top, top + 0.35 * z, 0.35)
        self.block(left, right, top + 0.3 * z, top + 0.35 * z, 0.6)
        for share in (0.6, 0.75):
            wheel = left + share * (right - left)
            self.block(wheel, wheel + 0.05 * (right - left), top + 0.3 * z, top + 2 * z, 2.5)

    def image(self, *, noise=NOISE, seed=0, dead_rows=(), padded_cols=(0, 0), quantity="attenuation"):
        blurred = -np.log(cv2.GaussianBlur(np.exp(-self.attenuation), (0, 0), 0.8))
        pixels = blurred + np.random.default_rng(seed).normal(0, noise, blurred.shape)
        valid = np.ones(pixels.shape, np.bool_)
        valid[list(dead_rows)] = False
        pixels[list(dead_rows)] = 7.0
        first, last = padded_cols
        valid[:, :first] = valid[:, valid.shape[1] - last :] = False
        pixels[:, :first] = pixels[:, pixels.shape[1] - last :] = 0
        return ScanImage(
            pixels=pixels.astype(np.float32),
            variance=np.full(pixels.shape, noise**2, np.float32),
            valid=valid,
            penetrated=np.ones(pixels.shape, np.bool_),
            quantity=quantity,
        )


def truck(*boxes: Box, tilt=0.0, n_cols=1400, n_rows=520, **image) -> ScanImage:
    """Containers on one chassis that is a little longer than they are."""
    scene = Scene(n_rows=n_rows, n_cols=n_cols, tilt=tilt)
    for box in boxes:
        scene.container(box)
    first, last = boxes[0], boxes[-1]
    overhang = 0.4 * first.col_per_m
    scene.chassis(first.left - overhang, last.right + overhang, first.roof + first.height, first.row_per_m)
    return scene.image(**image)
