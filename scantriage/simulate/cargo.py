"""Loads: units of cargo stowed in a container."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scantriage.simulate.solids import Solid, total_mass_kg


@dataclass(frozen=True, slots=True)
class Unit:
    """What moves as one: a pallet, a cross row, a machine.

    openable: which of its solids something could be hidden in: cartons, sacks.
    """

    solids: tuple[Solid, ...]
    openable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """All cargo of a container. hs_code and goods are what the manifest says."""

    commodity: str
    hs_code: str
    goods: str
    units: tuple[Unit, ...]

    @property
    def solids(self) -> tuple[Solid, ...]:
        """All solids of the load."""
        return tuple(solid for unit in self.units for solid in unit.solids)

    @property
    def mass_kg(self) -> float:
        """Mass of the load, kg."""
        return total_mass_kg(self.solids)

    def weighing(self, mass_kg: float) -> Load:
        """The same load with its densities changed so that it weighs this much."""
        factor = mass_kg / self.mass_kg
        units = tuple(
            replace(unit, solids=tuple(replace(solid, density=solid.density * factor) for solid in unit.solids))
            for unit in self.units
        )
        return replace(self, units=units)
