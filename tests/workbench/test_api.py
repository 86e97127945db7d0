from datetime import timedelta

import pytest
from made_queue import NOW, SECRETS, number, queue_row
from starlette.testclient import TestClient

from scantriage.store import accounts, assignments, audit, decisions, queue, referrals, tokens
from scantriage.store.decisions import Act
from scantriage.store.preferences import Preferences

ALL = {"supervisor": tokens.SCOPES_OF["supervisor"], "auditor": tokens.SCOPES_OF["auditor"]}
PROBLEM = "application/problem+json"
FOUND = {"container_id": number(3), "result": "find", "place": "NLRTM", "inspected_at": "2026-10-01T08:00:00Z",
         "kind": "cocaine", "mass_kg": 12.5, "zone": "floor"}  # fmt: skip


class Program(TestClient):
    """A program that holds a token."""

    def __init__(self, app, token):
        super().__init__(app, base_url="https://scantriage.test/api/v1", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def database(workbench):
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [queue_row(place) for place in range(1, 31)], NOW)
    return workbench.database


@pytest.fixture
def program_for(app, database):
    def program_for(role, *, scopes=None, sites=(), days=30):
        with database.writing() as connection:
            names = len(accounts.all_accounts(connection))
            made = accounts.add_account(
                connection, name=f"program{names}", display_name="A program", role=role, sites=sites,
                password_hash=None, at=NOW,
            )  # fmt: skip
            account = accounts.account_numbered(connection, made)
            chosen = tokens.SCOPES_OF[role] if scopes is None else scopes
            _, token = tokens.make_token(connection, account, name="test", scopes=chosen, days=days, at=NOW)
        program = Program(app, token)
        program.account_id = made
        return program

    return program_for


def refer(database, place, to):
    """Refer a container to a port; the referral's number."""
    with database.writing() as connection:
        ana = accounts.account_named(connection, "ana") or accounts.account_numbered(
            connection,
            accounts.add_account(
                connection, name="ana", display_name="Ana", role="analyst", sites=(), password_hash=None, at=NOW
            ),
        )
        wanted = Preferences(random_share=0.0, tip_share=0.0)
        for _ in range(place):
            given = assignments.next_assignment(connection, ana.id, rng=Never(), at=NOW, preferences=wanted)
            act = Act("refer", "Opened.", f"form-{given.id}", "inspect_at_port", to)
            decisions.decide(connection, given.id, ana.id, act, at=NOW, preferences=wanted)
        referrals.open_and_withdraw(connection, at=NOW)
        return referrals.listed(connection)


class Never:
    def random(self):
        return 1.0

    def choice(self, some):
        return some[0]


def test_the_queue_is_read_in_parts(program_for):
    program, seen, cursor = program_for("auditor"), [], None
    while True:
        part = program.get("/queue", params={"limit": 7} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["container_id"] for one in part["containers"]]
        cursor = part["cursor"]
        if cursor is None:
            break
    assert seen == [number(place) for place in range(1, 31)]
    assert {one["zone"] for one in program.get("/queue?zone=floor").json()["containers"]} == {"floor"}


def test_a_container_comes_with_its_paperwork_for_those_who_may(program_for, database):
    answer = program_for("supervisor").get(f"/containers/{number(2)}").json()
    assert answer["ranking"]["container_id"] == number(2)
    assert set(SECRETS) <= set(answer["manifest"].values())
    with database.reading() as connection:
        (viewed,) = [one for one in audit.entries(connection) if one.kind == "container_viewed"]
    assert viewed.actor.startswith("token:")


def test_without_a_live_token_there_is_nothing(app, program_for, clock):
    program = program_for("auditor", days=1)
    for token in ("", "x", "scantriage_" + "A" * 43):
        answer = Program(app, token).get("/queue")
        assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert program.get("/queue").status_code == 200
    clock.go_on(days=1)
    assert program.get("/queue").status_code == 401


def test_a_token_ends_with_its_account_its_role_or_its_revocation(program_for, database):
    programs = [program_for("auditor") for _ in range(3)]
    with database.writing() as connection:
        accounts.set_disabled(connection, programs[0].account_id, at=NOW)
        accounts.change_account(connection, programs[1].account_id, display_name="x", role="analyst", sites=())
        (token,) = tokens.tokens_of(connection, programs[2].account_id)
        tokens.revoke_token(connection, programs[2].account_id, token.id, at=NOW)
    assert [program.get("/queue").status_code for program in programs] == [401, 403, 401]


@pytest.mark.parametrize(
    ("path", "scope"),
    [("/queue", "queue:read"), (f"/containers/{number(1)}", "containers:read"), ("/decisions", "decisions:read"),
     ("/referrals", "referrals:read"), ("/figures", "figures:read"), ("/figures/hits", "figures:read")],
)  # fmt: skip
def test_a_scope_opens_what_it_names_and_nothing_else(program_for, path, scope):
    others = [one for one in tokens.SCOPES if one != scope]
    answer = program_for("supervisor", scopes=others).get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
    assert scope in answer.json()["detail"]
    assert program_for("supervisor", scopes=[scope]).get(path).status_code in (200, 404)


@pytest.mark.parametrize("role", ["analyst", "administrator"])
def test_no_token_is_made_for_who_must_not_see_containers(program_for, role):
    with pytest.raises(Exception, match="among what the account's role may have"):
        program_for(role, scopes=["queue:read"])


def test_a_partner_sees_its_own_referrals_only(program_for, database):
    refer(database, 2, "BEANR")
    refer(database, 1, "NLRTM")
    antwerp, nobody = program_for("partner", sites=("BEANR",)), program_for("partner")
    auditor = program_for("auditor")
    own = antwerp.get("/referrals").json()["referrals"]
    assert {one["place"] for one in own} == {"BEANR"}
    assert len(own) == 2
    assert nobody.get("/referrals").json()["referrals"] == []
    every = auditor.get("/referrals").json()["referrals"]
    assert len(every) == 3
    (other,) = [one["id"] for one in every if one["place"] == "NLRTM"]
    assert antwerp.get(f"/referrals/{other}").status_code == 404
    assert antwerp.get(f"/referrals/{other}/package").status_code == 404
    assert antwerp.get(f"/referrals/{own[0]['id']}").json() == own[0]
    assert antwerp.get(f"/referrals/{own[0]['id']}/package").status_code == 404  # not made yet
    assert {antwerp.get(path).status_code for path in ("/queue", "/decisions", "/figures", "/containers/X")} == {403}
    assert not any(secret in str(own) for secret in SECRETS)


def test_a_partner_says_what_became_of_what_was_referred_to_it(program_for, database):
    refer(database, 1, "BEANR")
    antwerp = program_for("partner", sites=("BEANR",))
    mine = FOUND | {"container_id": number(1), "place": "BEANR"}
    assert antwerp.post("/outcomes", json=mine).status_code == 201
    for other in (mine | {"place": "NLRTM"}, mine | {"container_id": number(9)}):
        assert antwerp.post("/outcomes", json=other).status_code == 404


def test_an_outcome_is_entered_once(program_for):
    program = program_for("supervisor")
    first, again = program.post("/outcomes", json=FOUND), program.post("/outcomes", json=FOUND)
    assert (first.status_code, first.json()["known"]) == (201, False)
    assert again.json() == {"id": first.json()["id"], "known": True}
    keyed = [program.post("/outcomes", json=FOUND, headers={"Idempotency-Key": "k1"}).json() for _ in range(2)]
    assert [one["known"] for one in keyed] == [False, True]
    assert program.get(f"/containers/{number(3)}").json()["inspections"][0]["mass_kg"] == 12.5


@pytest.mark.parametrize(
    "wrong",
    [{"container_id": "x"}, {"place": "nlrtm"}, {"mass_kg": -1}, {"inspected_at": "2026-10-01T08:00:00"}, {"extra": 1},
     {"result": "nothing"}, {"inspected_at": "2030-01-01T00:00:00Z"}, {"zone": "attic"}],
)  # fmt: skip
def test_what_is_no_outcome_is_a_problem(program_for, wrong):
    answer = program_for("supervisor").post("/outcomes", json=FOUND | wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert answer.json()["detail"]


def test_decisions_come_in_order_and_in_parts(program_for, database):
    refer(database, 5, "NLRTM")
    program = program_for("auditor")
    part = program.get("/decisions?limit=3").json()
    rest = program.get(f"/decisions?limit=3&cursor={part['cursor']}").json()
    assert [one["id"] for one in part["decisions"] + rest["decisions"]] == [1, 2, 3, 4, 5]
    assert rest["cursor"] is None
    assert part["decisions"][0]["reason"] == "Opened."


def test_figures_say_how_the_work_stands(program_for, database):
    refer(database, 2, "NLRTM")
    now = program_for("supervisor").get("/figures").json()
    assert now["states"]["referred"] == 2
    assert now["decided_today"] == 2


def test_too_many_requests_are_told_when_to_come_back(program_for, workbench):
    program = program_for("auditor")
    workbench.limits.inside.burst, workbench.limits.inside.per_second = 3, 0.1
    answers = [program.get("/figures") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 1
    assert answers[-1].headers["content-type"] == PROBLEM


def test_errors_of_the_api_are_problems_also_where_there_is_no_route(program_for):
    program = program_for("auditor")
    for answer in (program.get("/nothing"), program.delete("/queue"), program.get("/queue?limit=0")):
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["status"] == answer.status_code
    assert program.get("/docs").status_code == 404


def test_a_session_of_a_browser_does_not_open_the_api(client_for):
    assert client_for("supervisor").get("/api/v1/queue").status_code == 401


def test_the_administrator_makes_shows_once_and_revokes_tokens(client_for, app, database):
    admin, partner = client_for("administrator"), client_for("partner", sites=("BEANR",))
    path = f"/accounts/{partner.account_id}/tokens"
    fields = {"name": "<b>their system</b>", "scopes": ["referrals:read"], "days": "10"}
    text = admin.submit(path, fields).text
    token = text[text.index("scantriage_") :].partition("<")[0]
    assert "<b>their" not in text
    assert Program(app, token).get("/referrals").status_code == 200
    assert token not in admin.get(path).text
    assert admin.submit(path, fields | {"scopes": ["queue:read"]}).status_code == 422
    assert admin.submit(path, fields | {"days": "4000"}).status_code == 422
    assert admin.submit(f"{path}/1/revoke").status_code == 303
    assert Program(app, token).get("/referrals").status_code == 401
    assert admin.submit(f"{path}/1/revoke").status_code == 404
    assert admin.get("/accounts/999/tokens").status_code == 404
    for role in ("analyst", "supervisor", "auditor", "partner"):
        assert client_for(role).get(path).status_code == 403
    with database.reading() as connection:
        kinds = [one.kind for one in audit.entries(connection)]
    assert kinds.count("token_made") == kinds.count("token_revoked") == 1


def test_where_tokens_end(database):
    with database.writing() as connection:
        made = accounts.add_account(
            connection, name="sue", display_name="Sue", role="supervisor", sites=(), password_hash=None, at=NOW
        )
        account = accounts.account_numbered(connection, made)
        _, token = tokens.make_token(connection, account, name="t", scopes=["queue:read"], days=1, at=NOW)
        assert tokens.live_token(connection, token, at=NOW + timedelta(hours=23, minutes=59))
        assert tokens.live_token(connection, token, at=NOW + timedelta(days=1)) is None
