"""Parcels arrive whole, at whom they are meant for, or it is said why not."""

import hashlib
import hmac
import ipaddress
import os
from datetime import UTC, datetime

import pytest
from receiver import HERE, receiver

from scantriage.io import outgoing
from scantriage.io.outgoing import Doors, NotDeliveredError, Parcel, deliver

PARCEL = Parcel("r1", "r1.zip", "application/zip", b"PK" + bytes(range(256)) * 4000)
AT = datetime(2026, 10, 28, 9, 30, tzinfo=UTC)
INSIDE = Doors(private_networks=(HERE, ipaddress.ip_network("::1/128")))


def send(to, *, doors=INSIDE, secret="between us"):  # noqa: S107
    deliver(PARCEL, to=to, secret=secret, doors=doors, at=AT)


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return tmp_path


def test_what_is_posted_arrives_whole_and_signed_by_the_secret(trusted):
    with receiver(trusted) as there:
        send(there.url)
    ((headers, content),) = there.posts
    assert content == PARCEL.content
    digest = hashlib.sha256(content).hexdigest()
    signed = f"{headers['X-Scantriage-Time']}.r1.{digest}".encode()
    assert headers["X-Scantriage-Signature"] == hmac.new(b"between us", signed, "sha256").hexdigest()
    assert headers["Idempotency-Key"] == "r1"
    assert headers["X-Scantriage-Sha256"] == digest
    assert headers["Host"] == f"localhost:{there.port}"
    assert "between us" not in str(headers)


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path):
    with receiver(tmp_path) as there, pytest.raises(NotDeliveredError, match="certificate of localhost is not valid"):
        send(there.url)
    assert there.posts == []


def test_a_certificate_for_another_name_is_refused(trusted):
    with receiver(trusted, name="elsewhere.example") as there, pytest.raises(NotDeliveredError, match="not valid"):
        send(there.url)
    assert there.posts == []


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 503])
def test_a_refusal_is_told_by_its_number(trusted, status):
    with receiver(trusted, answers=[status]) as there, pytest.raises(NotDeliveredError, match=str(status)):
        send(there.url)


def test_a_redirect_is_not_followed(trusted):
    with (
        receiver(trusted) as elsewhere,
        receiver(trusted, answers=[307], location=elsewhere.url) as there,
        pytest.raises(NotDeliveredError, match="redirects are not followed"),
    ):
        send(there.url)
    assert elsewhere.posts == []


def test_a_slow_receiver_does_not_hold_us_up(trusted, monkeypatch):
    monkeypatch.setattr(outgoing, "_DEADLINE_S", 0.3)
    with receiver(trusted, delay_s=1.0) as there, pytest.raises(NotDeliveredError, match="too long"):
        send(there.url)


def test_machines_inside_are_refused_unless_the_settings_name_their_network(trusted):
    with receiver(trusted) as there, pytest.raises(NotDeliveredError, match="machine inside"):
        send(there.url, doors=Doors())
    assert there.posts == []


@pytest.mark.parametrize("host", [
    "127.0.0.1", "10.0.0.5", "192.168.1.1", "169.254.169.254", "0.0.0.1", "224.0.0.1", "100.64.0.1",
    "[::1]", "[fe80::1]", "[fc00::1]", "[::ffff:10.0.0.5]", "2130706433", "0x7f.1",
])  # fmt: skip
def test_no_way_of_writing_an_address_inside_gets_there(host):
    with pytest.raises(NotDeliveredError, match=r"machine inside|not known|not one"):
        send(f"https://{host}/referrals", doors=Doors())


@pytest.mark.parametrize("to", [
    "http://localhost/", "ftp://localhost/", "file:///etc", "https://", "https://me:secret@localhost/", "https://[::",
])  # fmt: skip
def test_only_https_addresses_are_posted_to(to):
    with pytest.raises(NotDeliveredError, match="address"):
        send(to)


def test_a_name_that_nobody_knows_is_told():
    with pytest.raises(NotDeliveredError, match=r"no-such-host.invalid is not known"):
        send("https://no-such-host.invalid/")


def test_nobody_listening_is_told(trusted):
    with receiver(trusted) as there:
        pass
    with pytest.raises(NotDeliveredError, match="localhost could not be reached"):
        send(there.url)


def test_a_folder_gets_the_file_whole(tmp_path):
    (tmp_path / "out" / "NLRTM").mkdir(parents=True)
    send(str(tmp_path / "out" / "NLRTM"), doors=Doors(folders=(tmp_path / "out",)))
    assert [file.name for file in (tmp_path / "out" / "NLRTM").iterdir()] == ["r1.zip"]
    assert (tmp_path / "out" / "NLRTM" / "r1.zip").read_bytes() == PARCEL.content


def test_no_path_leads_out_of_the_folders_of_the_settings(tmp_path):
    inside, outside = tmp_path / "out", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    doors = Doors(folders=(inside,))
    for folder in (outside, inside / ".." / "outside", inside / "link", tmp_path):
        with pytest.raises(NotDeliveredError, match="do not allow"):
            send(str(folder), doors=doors)
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(NotDeliveredError, match="No such file"):
        send(str(tmp_path / "gone"), doors=Doors(folders=(tmp_path,)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(NotDeliveredError, match="Permission denied"):
        send(str(tmp_path), doors=Doors(folders=(tmp_path,)))
