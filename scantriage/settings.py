"""What somebody may want to set for a workspace: in its ``scantriage.toml``, or as ``SCANTRIAGE_...``."""

from __future__ import annotations

import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from scantriage.errors import WorkspaceError
from scantriage.rank.capacity import OPENINGS_PER_PORT_AND_DAY

LOCAL = ("localhost", "127.0.0.1", "::1")


class WorkbenchSettings(BaseModel):
    """Where the workbench answers: the table ``[workbench]``.

    certificate, key: PEM files, to answer over TLS. proxy: IP address of the reverse proxy that does so instead; what
    it says of who asks, and how, is believed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = LOCAL[1]
    port: int = Field(default=8080, ge=1, le=65535)
    certificate: Path | None = None
    key: Path | None = None
    proxy: str | None = None

    @model_validator(mode="after")
    def _with_its_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key, and a key its certificate")
        return self


class OidcSettings(BaseModel):
    """A provider of OpenID Connect that knows who people are: the table ``[oidc]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    client_id: str
    client_secret: SecretStr

    @model_validator(mode="after")
    def _over_tls(self) -> Self:
        address = urlsplit(self.issuer)
        if address.scheme != "https" and address.hostname not in LOCAL:
            raise ValueError("the issuer is an https:// address")
        return self


class ReferralSettings(BaseModel):
    """Where referrals may be sent: the table ``[referrals]``. The web pages cannot change it.

    folders: a site's folder must be one of these or lie below one. private_networks: addresses of machines inside
    to which may be posted, such as ``10.20.0.0/16``; all others inside are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folders: tuple[Path, ...] = ()
    private_networks: tuple[IPv4Network | IPv6Network, ...] = ()


class AuditSettings(BaseModel):
    """What makes the trail hard to forge: the table ``[audit]``.

    key: file of the private key that signs checkpoints; ``audit.key`` in the workspace unless given. checkpoints: file
    to which they are appended as well, best on another machine; ``audit-checkpoints.jsonl`` in the workspace.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Path | None = None
    checkpoints: Path | None = None


class Settings(BaseSettings):
    """The settings of a workspace; the environment goes before the file.

    openings_per_day: containers that one port can open in a day. memory_gib: address space of one worker.
    deadline_s: wall-clock seconds in which one container must be read. workbench, oidc: of ``scantriage serve``.
    referrals: of what is sent. audit: of the trail.
    """

    model_config = SettingsConfigDict(
        env_prefix="SCANTRIAGE_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    openings_per_day: PositiveInt = OPENINGS_PER_PORT_AND_DAY
    # torch, numba and OpenCV reserve about 3 GiB before they compute anything; a full-size pair needs 1
    memory_gib: PositiveFloat = 6.0
    # a full-size pair takes seconds; a file made to be slow must not hold up the day
    deadline_s: PositiveFloat = 300.0
    workbench: WorkbenchSettings = WorkbenchSettings()
    oidc: OidcSettings | None = None
    referrals: ReferralSettings = ReferralSettings()
    audit: AuditSettings = AuditSettings()

    def of_a_run(self) -> dict[str, object]:
        """What a run depends on, to be written down with it: no addresses and no secrets."""
        return self.model_dump(exclude={"workbench", "oidc", "referrals", "audit"})

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
