"""A receiver of referrals for tests: a real HTTPS server on this machine with a certificate of our own making."""

import datetime
import ipaddress
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HERE = ipaddress.ip_network("127.0.0.0/8")


@dataclass
class Receiver:
    """What arrived, and what is answered next: statuses in turn, the last one again and again."""

    port: int
    answers: list[int]
    delay_s: float = 0.0
    location: str | None = None
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self):
        return f"https://localhost:{self.port}/referrals"


@contextmanager
def receiver(folder, *, name="localhost", answers=(200,), delay_s=0.0, location=None):
    """Serve until left. The certificate is for ``name``, its own authority, and lies in ``folder/authority.pem``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder, name))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # a client that refuses the certificate hangs up
    server.daemon_threads = True
    server.receiver = Receiver(server.server_address[1], list(answers), delay_s, location)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        receiver = self.server.receiver
        content = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.posts.append((dict(self.headers), content))
        time.sleep(receiver.delay_s)
        status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
        self.send_response(status)
        if receiver.location:
            self.send_header("Location", receiver.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def _certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(Encoding.PEM)
    (folder / "authority.pem").write_bytes(pem)
    file = folder / "server.pem"
    file.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file
