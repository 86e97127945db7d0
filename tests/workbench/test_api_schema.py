"""The API against its own description: whatever fits it or just does not, no answer is another than described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from made_queue import NOW, queue_row
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scantriage.store import accounts, queue, tokens


@pytest.fixture
def token(workbench):
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [queue_row(place) for place in range(1, 11)], NOW)
        made = accounts.add_account(
            connection, name="program", display_name="Program", role="supervisor", sites=(), password_hash=None, at=NOW
        )
        account = accounts.account_numbered(connection, made)
        return tokens.make_token(connection, account, name="t", scopes=tokens.SCOPES, days=30, at=NOW)[1]


# what is allowed beyond a schema is told in words: that a number has its check digit, that an inspection is over
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LITTLE = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_is_described(app, token, mode):
    operations = [one.ok() for one in schemathesis.openapi.from_asgi("/api/v1/openapi.json", app).get_all_operations()]
    assert len(operations) >= 9
    for operation in operations:
        if (
            mode is GenerationMode.NEGATIVE
            and not operation.path_parameters
            and not operation.query
            and not operation.body
        ):
            continue  # nothing in it could be wrong

        @LITTLE
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case):
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

        holds()


def test_the_description_asks_for_no_script_and_names_every_scope(browser):
    described = browser.get("/api/v1/openapi.json").json()
    asked = {
        scope
        for path in described["paths"].values()
        for operation in path.values()
        for security in operation["security"]
        for scope in next(iter(security.values()))
    }
    assert asked == set(tokens.SCOPES)
    assert {browser.get(f"/api/v1{path}").status_code for path in ("/docs", "/redoc")} == {404}
