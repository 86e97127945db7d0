"""Serving the workbench: one process, on this machine alone unless it is told otherwise."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import uvicorn

from scantriage.errors import WorkspaceError
from scantriage.settings import LOCAL, WorkbenchSettings, load_settings
from scantriage.store.places import Places
from scantriage.workbench.app import create_app

_LET_FINISH_S = 5  # requests that are under way when the workbench is stopped


def serve(
    root: Path,
    *,
    host: str | None = None,
    port: int | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve the workbench on this workspace until it is interrupted; what is given goes before the settings.

    ready: called with the address once it answers. Raises WorkspaceError when there is no workspace, when the
    address is taken, or when others on the network would reach it without TLS.
    """
    places = Places(root.resolve())
    if not places.database.exists():
        raise WorkspaceError(f"There is no workspace at {root}: let `scantriage triage` make one first.")
    given = {"host": host, "port": port, "certificate": certificate, "key": key}
    kept = load_settings(places.settings).workbench
    settings = kept.model_copy(update={name: value for name, value in given.items() if value is not None})
    check_reach(settings)
    listening = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        create_app(root),
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        proxy_headers=settings.proxy is not None,
        forwarded_allow_ips=settings.proxy,
        server_header=False,
        access_log=False,  # the audit trail says who saw what, and is not a text file
        log_level="warning",
        timeout_graceful_shutdown=_LET_FINISH_S,
    )
    with listening:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        ready(f"{'https' if settings.certificate else 'http'}://{host}:{listening.getsockname()[1]}")
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            return  # how one stops it


def check_reach(settings: WorkbenchSettings) -> None:
    """Raise WorkspaceError where passwords and scans would cross a network unencrypted, or a certificate is no good."""
    if (settings.certificate is None) != (settings.key is None):
        raise WorkspaceError("A certificate needs its key, and a key its certificate.")
    if settings.certificate is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.certificate, settings.key)
        except OSError as error:
            raise WorkspaceError(f"The certificate {settings.certificate} and its key cannot be used.") from error
    if settings.host not in LOCAL and settings.certificate is None and settings.proxy is None:
        raise WorkspaceError(
            f"On {settings.host} others on the network would reach the workbench unencrypted: give a certificate and "
            "its key, or name the reverse proxy that holds them, as proxy in the table [workbench] of scantriage.toml."
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise WorkspaceError(f"The address {host}:{port} cannot be used: {error.strerror}.") from error
    # asyncio sets this only on sockets of its own making; without it each answer waits 40 ms for an acknowledgement
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
