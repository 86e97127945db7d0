"""Writes small DICOS DX objects in every transfer syntax and pixel kind, for tests only."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import imagecodecs
import pydicom.config
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1

pydicom.config.INVALID_KEYWORD_BEHAVIOR = "RAISE"  # a misspelt keyword would else be dropped without a word

STORAGE = "1.2.840.10008.5.1.4.1.1.501."
PRESENTATION, PROCESSING = STORAGE + "2.1", STORAGE + "2.2"
UINT32, UINT64, FLOAT = STORAGE + "2.2.1", STORAGE + "2.2.2", STORAGE + "2.2.3"
PLAIN_PIXELS, WIDE_PIXELS = 0x7FE00010, 0x7FE00013
EXPLICIT, IMPLICIT, LOSSLESS_JPEG = ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1


def write_dicos(
    path: Path,
    pixels: NDArray[Any],
    *,
    sop_class: str = PROCESSING,
    syntax: str = EXPLICIT,
    pixel_tag: int = PLAIN_PIXELS,
    **fields: Any,
) -> Path:
    """Write (E, R, C) pixels as a multi-frame object; ``fields`` are keywords of further elements."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.826.0.1.3680043.10.1"
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.Modality = "XRAY"
    dataset.PatientID = "MSCU1243697"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = 0
    for keyword, value in fields.items():
        setattr(dataset, keyword, value)
    if syntax == LOSSLESS_JPEG:
        frames = [bytes(imagecodecs.ljpeg_encode(frame, bitspersample=16)) for frame in pixels]
        dataset.add_new(pixel_tag, "OB", encapsulate(frames))
        dataset[pixel_tag].is_undefined_length = True
    else:
        dataset.add_new(pixel_tag, "OW", pixels.tobytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(path, enforce_file_format=True)
    return path
