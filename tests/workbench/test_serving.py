"""The workbench as a process: where it answers, where it refuses to, and how the first account comes to be."""

import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scantriage.errors import ActRefused, WorkspaceError
from scantriage.settings import WorkbenchSettings, load_settings
from scantriage.store import accounts
from scantriage.store.database import Database
from scantriage.workbench.access.first_account import add_account_to
from scantriage.workbench.serving import check_reach, serve


@pytest.fixture
def certificate(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def run(*arguments):
    command = [sys.executable, "-m", "scantriage", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("tls", [False, True])
def test_it_answers_here_and_stops_when_it_is_told_to(tmp_path, certificate, tls):
    made = run("account", "add", "boss", "--role", "administrator", "--workspace", tmp_path / "w")
    out, _ = made.communicate(timeout=60)
    assert re.search(r"shown this once: [a-z0-9]{5}(-[a-z0-9]{5}){3}$", out.strip())
    options = ["--certificate", certificate[0], "--key", certificate[1]] if tls else []
    process = run("serve", "--workspace", tmp_path / "w", "--port", 0, *options)
    address = re.search(r"at (\S+);", process.stdout.readline())[1]
    assert address.startswith("https://127.0.0.1:" if tls else "http://127.0.0.1:")
    trust = ssl.create_default_context(cafile=certificate[0])
    trust.check_hostname = False
    with urllib.request.urlopen(f"{address}/sign-in", timeout=20, context=trust if tls else None) as answer:  # noqa: S310
        assert answer.status == 200
        assert "server" not in answer.headers
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_it_starts_without_what_computes():
    heavy = "{'torch', 'cv2', 'numba', 'scipy', 'skimage', 'matplotlib'}"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, scantriage.workbench.app; print({heavy} & set(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert loaded.stdout.strip() == "set()"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "scantriage.example"])  # noqa: S104
def test_it_does_not_answer_unencrypted_on_the_network(host, certificate):
    with pytest.raises(WorkspaceError, match="unencrypted"):
        check_reach(WorkbenchSettings(host=host))
    check_reach(WorkbenchSettings(host=host, certificate=certificate[0], key=certificate[1]))
    check_reach(WorkbenchSettings(host=host, proxy="192.0.2.7"))


def test_what_cannot_be_served_is_told_in_a_sentence(tmp_path, certificate):
    def told(**options):
        with pytest.raises(WorkspaceError) as refused:
            serve(tmp_path, **options, ready=pytest.fail)
        return refused.value.sentence

    assert "no workspace" in told()
    Database(tmp_path / "scantriage.db").close()
    assert "needs its key" in told(certificate=certificate[0])
    assert "its key cannot be used" in told(certificate=certificate[0], key=tmp_path / "none.pem")
    assert "its key cannot be used" in told(certificate=certificate[0], key=certificate[0])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "in use" in told(port=taken.getsockname()[1])
    (tmp_path / "scantriage.toml").write_text("[workbench]\nport = 99999\n")
    assert "workbench.port" in told()


def test_the_settings_of_the_workbench_stand_in_the_workspaces_file(tmp_path, monkeypatch):
    file = tmp_path / "scantriage.toml"
    file.write_text('openings_per_day = 5\n[workbench]\nport = 9000\nproxy = "10.0.0.1"\n')
    monkeypatch.setenv("SCANTRIAGE_WORKBENCH__PORT", "9001")
    settings = load_settings(file)
    assert (settings.workbench.port, settings.workbench.proxy, settings.openings_per_day) == (9001, "10.0.0.1", 5)
    file.write_text("[workbench]\nsecret_option = 1\n")
    with pytest.raises(WorkspaceError, match="secret_option"):
        load_settings(file)


def test_the_database_is_for_the_servers_own_user_only(tmp_path):
    add_account_to(tmp_path / "w", name="boss", display_name="", role="administrator", sites=())
    assert (tmp_path / "w" / "scantriage.db").stat().st_mode & 0o077 == 0


def test_an_account_from_the_command_line_is_checked_as_any_other(tmp_path):
    for wrong in ({"role": "chef"}, {"name": "x"}, {"sites": ("Rotterdam",)}):
        with pytest.raises(ActRefused):
            add_account_to(tmp_path, **{"name": "maria", "display_name": "", "role": "analyst", "sites": ()} | wrong)
    database = Database(tmp_path / "scantriage.db")
    with database.reading() as connection:
        assert accounts.all_accounts(connection) == []
    database.close()
