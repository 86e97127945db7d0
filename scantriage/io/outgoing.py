"""What leaves for a receiver: put into a folder, or posted over HTTPS.

Certificates are checked against the system's authorities. The host's addresses are looked up once, checked, and the
connection goes to the very address that was checked, so that a name cannot turn to a machine inside in between.
Redirects are not followed and proxies of the environment not used.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2

from scantriage.io.whole_file import write_whole

_DEADLINE_S = 60.0  # for all of it: a receiver that answers a byte a minute holds up nobody
_CONNECT_S = 10.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotDeliveredError(Exception):
    """It did not arrive; the message is one sentence, without secrets, that a supervisor reads."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to deliver. key: the same each time it is sent, so that the receiver takes it once.

    name: of the file. media_type: of the content.
    """

    key: str
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Doors:
    """Where things may go, as whoever runs the machine allows; the web pages cannot change it.

    folders: a folder to push to must be one of these or lie below one. private_networks: addresses of machines
    inside, which are else refused.
    """

    folders: tuple[Path, ...] = ()
    private_networks: tuple[Network, ...] = ()


def deliver(parcel: Parcel, *, to: str, secret: str | None, doors: Doors, at: datetime) -> None:
    """Bring the parcel to ``to``, an https:// address or a folder.

    secret: shared with the receiver; signs what is posted. NotDeliveredError where it did not arrive or may not go.
    """
    if "://" in to:
        asyncio.run(_post(parcel, to, secret=secret, doors=doors, at=at))
    else:
        _put(parcel, Path(to), doors)


def _put(parcel: Parcel, folder: Path, doors: Doors) -> None:
    try:
        real = folder.resolve(strict=True)  # links and .. are followed before it is compared
        if not any(real.is_relative_to(door.resolve()) for door in doors.folders):
            raise NotDeliveredError(f"The settings do not allow to write to {folder}.")
        write_whole(real / Path(parcel.name).name, parcel.content)
    except OSError as error:
        raise NotDeliveredError(f"The folder {folder} cannot be written: {error.strerror}.") from error


async def _post(parcel: Parcel, to: str, *, secret: str | None, doors: Doors, at: datetime) -> None:
    try:
        async with asyncio.timeout(_DEADLINE_S):
            url = _checked_url(to)
            address = await _checked_address(url, doors)
            await _send(parcel, url, address, _headers(parcel, secret, at))
    except TimeoutError as error:
        raise NotDeliveredError("The receiver took too long to answer.") from error


def _checked_url(to: str) -> httpx2.URL:
    try:
        url = httpx2.URL(to)
    except httpx2.InvalidURL as error:
        raise NotDeliveredError("The receiver's address is not one.") from error
    if url.scheme != "https" or not url.host or url.userinfo:
        raise NotDeliveredError("The receiver's address must begin with https:// and name nobody.")
    return url


async def _checked_address(url: httpx2.URL, doors: Doors) -> str:
    """The address to connect to; all that the name stands for must be allowed, not only the first."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NotDeliveredError(f"The name {url.host} is not known.") from error
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not all(_may_go(address, doors.private_networks) for address in addresses):
        raise NotDeliveredError(f"{url.host} is a machine inside, and the settings do not allow to send there.")
    return str(addresses[0])


def _may_go(address: _Address, private_networks: Sequence[Network]) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address.version == network.version and address in network for network in private_networks):
        return True
    return address.is_global and not address.is_multicast


def _headers(parcel: Parcel, secret: str | None, at: datetime) -> dict[str, str]:
    digest = hashlib.sha256(parcel.content).hexdigest()
    headers = {
        "Content-Type": parcel.media_type,
        "Content-Disposition": f'attachment; filename="{parcel.name}"',
        "Idempotency-Key": parcel.key,
        "X-Scantriage-Sha256": digest,
    }
    if secret:
        stamp = str(int(at.timestamp()))
        signed = hmac.new(secret.encode(), f"{stamp}.{parcel.key}.{digest}".encode(), hashlib.sha256).hexdigest()
        headers |= {"X-Scantriage-Time": stamp, "X-Scantriage-Signature": signed}
    return headers


async def _send(parcel: Parcel, url: httpx2.URL, address: str, headers: dict[str, str]) -> None:
    timeout = httpx2.Timeout(_DEADLINE_S, connect=_CONNECT_S)
    host = url.netloc.decode("ascii")
    request = httpx2.Request(
        "POST", url.copy_with(host=address), content=parcel.content, headers={"Host": host, **headers},
        extensions={"sni_hostname": url.host, "timeout": timeout.as_dict()},  # the certificate is that of the name
    )  # fmt: skip
    try:
        context = ssl.create_default_context()
        async with httpx2.AsyncClient(verify=context, trust_env=False, timeout=timeout) as client:
            answer = await client.send(request, stream=True, follow_redirects=False)
            await answer.aclose()  # what it says beside its status is not read
    except httpx2.TimeoutException as error:
        raise NotDeliveredError("The receiver took too long to answer.") from error
    except (httpx2.HTTPError, ssl.SSLError) as error:
        raise NotDeliveredError(_why(error, url.host)) from error
    if answer.is_redirect:
        raise NotDeliveredError(f"The receiver answered {answer.status_code}; redirects are not followed.")
    if not answer.is_success:
        raise NotDeliveredError(f"The receiver answered {answer.status_code}.")


def _why(error: Exception, host: str) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate of {host} is not valid: {cause.verify_message}."
        cause = cause.__cause__ or cause.__context__
    return f"{host} could not be reached."
