"""What somebody may want to set for a workspace: in its ``scantriage.toml``, or as ``SCANTRIAGE_...``."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import PositiveFloat, PositiveInt, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from scantriage.errors import WorkspaceError
from scantriage.rank.capacity import OPENINGS_PER_PORT_AND_DAY


class Settings(BaseSettings):
    """The settings of a run; the environment goes before the file.

    openings_per_day: containers that one port can open in a day. memory_gib: address space of one worker.
    deadline_s: wall-clock seconds in which one container must be read.
    """

    model_config = SettingsConfigDict(env_prefix="SCANTRIAGE_", extra="forbid", frozen=True)

    openings_per_day: PositiveInt = OPENINGS_PER_PORT_AND_DAY
    # torch, numba and OpenCV reserve about 3 GiB before they compute anything; a full-size pair needs 1
    memory_gib: PositiveFloat = 6.0
    # a full-size pair takes seconds; a file made to be slow must not hold up the day
    deadline_s: PositiveFloat = 300.0

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the TOML file; no dotenv file and no folder of secrets."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(file: Path) -> Settings:
    """The settings from the environment and the file, which may be missing.

    Raises WorkspaceError, in one sentence, for what is not TOML, not a setting, or out of range.
    """

    class _OfThisFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return _OfThisFile()
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(f"{file} is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise WorkspaceError(f"The setting {name} cannot be used: {first['msg']}.") from error
