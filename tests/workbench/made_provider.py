"""A small provider of OpenID Connect on this machine: real redirects, real JSON Web Tokens, signed with its own key."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "scantriage", "provider-secret"


class MadeProvider:
    """Lets in whoever `person` says; `spoil` changes a token's claims before it is signed, `key` signs it."""

    def __init__(self) -> None:
        self.key = self.published_key = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.person = {"sub": "42", "preferred_username": "maria"}
        self.spoil: dict[str, object] = {}
        self.asked: dict[str, dict[str, str]] = {}  # what was asked for each code
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._answers())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_how):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def let_in(self, address: str) -> str:
        """What the person's browser does at the provider: agree, and be sent back to this address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code{len(self.asked)}"
        self.asked[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _answers(self):
        provider = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                self._send(provider._metadata() if "openid-configuration" in self.path else provider._keys())

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                token = provider._token(form, self.headers.get("authorization", ""))
                self._send(token or {"error": "invalid_grant"}, 200 if token else 400)

            def _send(self, thing, status=200):
                body = json.dumps(thing).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_what):
                pass

        return Answers

    def _metadata(self):
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }  # fmt: skip

    def _keys(self):
        return {"keys": [self.published_key.as_dict(private=False)]}

    def _token(self, form, authorization):
        asked = self.asked.pop(form["code"][0], None)  # a code works once
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization != expected:
            return None
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.person | self.spoil, self.key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}
