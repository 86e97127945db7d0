"""A browser for tests: one that keeps a session, over no network."""

from argon2 import PasswordHasher
from starlette.testclient import TestClient

ADDRESS = "https://scantriage.test"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Browser(TestClient):
    """A browser that does not follow redirects; `submit` sends a form with its session's CSRF token."""

    csrf = ""
    account_id = 0

    def __init__(self, app) -> None:
        super().__init__(app, base_url=ADDRESS, follow_redirects=False)

    def submit(self, url: str, fields: dict[str, object] | None = None, **options):
        return self.post(url, data={"csrf": self.csrf} | (fields or {}), **options)

    def enter(self, token: str, csrf: str, account_id: int) -> None:
        """Go on in this session."""
        self.cookies.set("__Host-session", token, domain="scantriage.test")
        self.csrf, self.account_id = csrf, account_id
