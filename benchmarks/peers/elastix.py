"""Registration by elastix, affine and then B-spline (Klein et al. 2010, doi:10.1109/TMI.2009.2035616).

From the package itk-elastix, of the extra ``peers``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import itk
import numpy as np

from benchmarks.peers.crops import crops
from benchmarks.peers.pair import PairFiles
from benchmarks.peers.strongest import strongest_change
from scantriage.scan.image import FloatImage

_SHAPE = (512, 2048)
_GRID_PX = 64.0  # of the B-spline: 40 cm along, 35 cm up
_N_RESOLUTIONS = 4
# On four pairs of the train split registering so took 1.1 s where the defaults took 5.4 s, and the scans correlated as
# well to 0.02; 256 steps took 2.0 s, and three resolutions instead of four lost up to 0.06.
QUICK: Mapping[str, str] = {
    "FixedImagePyramid": "FixedRecursiveImagePyramid",
    "MovingImagePyramid": "MovingRecursiveImagePyramid",
    "MaximumNumberOfIterations": "128",
    "Registration": "MultiResolutionRegistration",
    "Metric": "AdvancedMattesMutualInformation",  # without the penalty on bending
}


@dataclass(frozen=True, slots=True)
class Elastix:
    """Elastix's own parameter maps ``affine`` and ``bspline`` (mutual information), with some settings changed."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def score(self, pair: PairFiles) -> float:
        """The strongest difference after registration; without it where elastix gives up."""
        both = crops(pair, shape=_SHAPE)
        fixed, moving = (itk.image_from_array(one.attenuation) for one in (both.origin, both.rescan))
        try:
            _, found = itk.elastix_registration_method(
                fixed, moving, parameter_object=self._parameters(), number_of_threads=1, log_to_console=False
            )
            moved = _displacement(moving, found)
        except RuntimeError:  # too few samples inside, mostly
            return strongest_change(both)
        rows, cols = np.indices(_SHAPE, dtype=np.float32)
        x, y = cols + moved[..., 0], rows + moved[..., 1]

        def warp(image: FloatImage) -> FloatImage:
            return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

        return strongest_change(both.aligned(warp))

    def _parameters(self) -> Any:
        maps = itk.ParameterObject.New()
        for parameters in (
            maps.GetDefaultParameterMap("affine", _N_RESOLUTIONS),
            maps.GetDefaultParameterMap("bspline", _N_RESOLUTIONS, _GRID_PX),
        ):
            parameters["WriteResultImage"] = ("false",)
            for name, value in self.settings.items():
                parameters[name] = (value,)
            maps.AddParameterMap(parameters)
        return maps


def _displacement(moving: Any, found: Any) -> FloatImage:
    """(R, C, 2) along and up, pixels; transformix writes the field to a file as well, wherever it is told to."""
    with tempfile.TemporaryDirectory() as folder:
        field = itk.transformix_deformation_field(moving, found, output_directory=folder, log_to_console=False)
    return np.asarray(itk.array_from_image(field), dtype=np.float32)
