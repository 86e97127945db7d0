"""Who may use which route of the workbench. A route that is not in this table fails the tests."""

from scantriage.store.accounts import ROLES

NOBODY_YET = "nobody_yet"  # on the way in: also who is not, or not wholly, signed in
EVERYBODY = frozenset(ROLES)
ADMINISTRATOR = frozenset({"administrator"})
PARTNER = frozenset({"partner"})
SUPERVISOR = frozenset({"supervisor"})
AUDITOR = frozenset({"auditor"})
OVERSEERS = frozenset({"supervisor", "auditor"})
WORKERS = frozenset({"analyst", "supervisor"})

ALLOWED = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/sign-in"): NOBODY_YET,
    ("POST", "/sign-in"): NOBODY_YET,
    ("GET", "/second-factor"): NOBODY_YET,
    ("POST", "/second-factor"): NOBODY_YET,
    ("GET", "/enrol"): NOBODY_YET,
    ("POST", "/enrol"): NOBODY_YET,
    ("GET", "/enrol/code.svg"): NOBODY_YET,
    ("GET", "/change-password"): NOBODY_YET,
    ("POST", "/change-password"): NOBODY_YET,
    ("POST", "/sign-out"): NOBODY_YET,
    ("GET", "/oidc/start"): NOBODY_YET,
    ("GET", "/oidc/return"): NOBODY_YET,
    ("GET", "/account"): EVERYBODY,
    ("POST", "/account/language"): EVERYBODY,
    ("POST", "/account/sessions/end"): EVERYBODY,
    ("POST", "/account/sessions/end-others"): EVERYBODY,
    ("GET", "/accounts"): ADMINISTRATOR,
    ("POST", "/accounts"): ADMINISTRATOR,
    ("GET", "/accounts/{account_id}"): ADMINISTRATOR,
    ("POST", "/accounts/{account_id}"): ADMINISTRATOR,
    ("POST", "/accounts/{account_id}/reset-password"): ADMINISTRATOR,
    ("POST", "/accounts/{account_id}/act"): ADMINISTRATOR,
    ("GET", "/accounts/{account_id}/tokens"): ADMINISTRATOR,
    ("POST", "/accounts/{account_id}/tokens"): ADMINISTRATOR,
    ("POST", "/accounts/{account_id}/tokens/{token_id}/revoke"): ADMINISTRATOR,
    ("GET", "/sites"): ADMINISTRATOR,
    ("POST", "/sites"): ADMINISTRATOR,
    ("GET", "/sites/{code}"): ADMINISTRATOR,
    ("POST", "/sites/{code}/remove"): ADMINISTRATOR,
    ("GET", "/preferences"): SUPERVISOR,
    ("POST", "/preferences"): SUPERVISOR,
    ("GET", "/queue"): OVERSEERS,
    ("GET", "/queue/counts"): OVERSEERS,
    ("POST", "/queue/find"): SUPERVISOR,
    ("GET", "/work"): WORKERS,
    ("POST", "/work/next"): WORKERS,
    ("GET", "/work/{assignment_id}"): WORKERS,
    ("POST", "/work/{assignment_id}/coming"): WORKERS,
    ("POST", "/work/{assignment_id}/decide"): WORKERS,
    ("POST", "/work/{assignment_id}/change"): WORKERS,
    ("GET", "/work/{assignment_id}/change"): WORKERS,
    ("POST", "/work/{assignment_id}/skip"): WORKERS,
    ("GET", "/work/{assignment_id}/decided"): WORKERS,
    ("GET", "/work/{assignment_id}/annotations"): WORKERS,
    ("POST", "/work/{assignment_id}/annotations"): WORKERS,
    ("DELETE", "/work/{assignment_id}/annotations/{annotation_id}"): WORKERS,
    ("GET", "/containers/{container_id}"): OVERSEERS,
    ("GET", "/containers/{container_id}/annotations"): OVERSEERS,
    ("GET", "/monitoring"): OVERSEERS,
    ("GET", "/monitoring/rates.svg"): OVERSEERS,
    ("GET", "/monitoring/coverage.svg"): OVERSEERS,
    ("GET", "/monitoring/calibration.svg"): OVERSEERS,
    ("GET", "/monitoring/{name}.csv"): OVERSEERS,
    ("GET", "/monitoring/analysts"): SUPERVISOR,
    ("GET", "/monitoring/analysts/{name}.csv"): SUPERVISOR,
    ("GET", "/audit"): AUDITOR,
    ("GET", "/audit.csv"): AUDITOR,
    ("GET", "/audit/container"): AUDITOR,
    ("GET", "/audit/container/{container_id}"): AUDITOR,
    ("GET", "/outcomes"): OVERSEERS,
    ("POST", "/outcomes"): SUPERVISOR,
    ("POST", "/outcomes/import"): SUPERVISOR,
    ("GET", "/outcomes/photos/{sha256}.jpg"): OVERSEERS,
    ("GET", "/outcomes/{number}"): OVERSEERS,
    ("POST", "/outcomes/{number}/correct"): SUPERVISOR,
    ("GET", "/referrals"): OVERSEERS,
    ("GET", "/referrals/{referral_id}/package"): OVERSEERS,
    ("POST", "/referrals/{referral_id}/retry"): SUPERVISOR,
    ("POST", "/referrals/{referral_id}/withdraw"): SUPERVISOR,
    ("GET", "/partner"): PARTNER,
    ("GET", "/partner/{referral_id}/package"): PARTNER,
    ("GET", "/partner/{referral_id}/outcome"): PARTNER,
    ("POST", "/partner/{referral_id}/outcome"): PARTNER,
    ("GET", "/views/{assignment_id}/meta.json"): WORKERS,
    ("GET", "/views/{assignment_id}/{layer}/{row}/{col}.bin"): WORKERS,
    ("GET", "/views/{assignment_id}/picture.jpg"): WORKERS,
    ("GET", "/views/{assignment_id}/thumb.jpg"): WORKERS,
    ("GET", "/containers/{container_id}/views/meta.json"): OVERSEERS,
    ("GET", "/containers/{container_id}/views/{layer}/{row}/{col}.bin"): OVERSEERS,
    ("GET", "/containers/{container_id}/views/picture.jpg"): OVERSEERS,
    ("GET", "/containers/{container_id}/thumb.jpg"): OVERSEERS,
}
GUARDED = {route: roles for route, roles in ALLOWED.items() if roles != NOBODY_YET}
# allowed for what lies before somebody themselves, or was referred to their own sites; all else is not there
OWN = {route for route in GUARDED if "{assignment_id}" in route[1] or route[1].startswith("/partner/{")}
# open to everybody: what comes with the program; and the API, which takes a bearer token and no session
MOUNTED = ("/static/", "/api/v1")
