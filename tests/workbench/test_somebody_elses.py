"""What lies before somebody else, asked for by who may use the same routes."""

import re

import pytest
from made_container import lay
from made_routes import OWN

OWN_WORK = sorted(route for route in OWN if "{assignment_id}" in route[1])
FORM = {
    "request_key": "the-key-of-one-form", "verdict": "refer", "action": "inspect_at_port", "place": "NLRTM",
    "refer_because": "added", "text": "Bags.", "reason": "Bags.",
}  # fmt: skip
MARK = {"id": "a-box-of-mine", "shape": "box", "points_m": [[1.0, 1.0], [2.0, 2.0]]}
KEPT = ("assignments", "annotations", "decisions", "queue_rows")


def ask(browser, route, assignment):
    """As whoever owns the assignment would ask, form and all."""
    method, path = route
    for gap, value in {"assignment_id": assignment, "annotation_id": MARK["id"], "layer": "origin"}.items():
        path = path.replace(f"{{{gap}}}", value)
    what = {"json": MARK} if path.endswith("/annotations") else {"data": FORM}
    url = re.sub(r"\{\w+\}", "0", path)
    return browser.request(method, url, headers={"X-CSRF": browser.csrf}, **(what if method == "POST" else {}))


def said(answer, browser, assignment):
    """The answer without what differs from one session and address to the next."""
    text = answer.text.replace(assignment, "ASSIGNMENT").replace(browser.csrf, "CSRF")
    location = answer.headers.get("location", "").replace(assignment, "ASSIGNMENT")
    return answer.status_code, location, re.sub(r'name="request_key" value="[\w-]+"', "", text)


def kept(workbench):
    with workbench.database.reading() as connection:
        return [connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in KEPT]  # noqa: S608


@pytest.mark.parametrize("role", ["analyst", "supervisor"])
@pytest.mark.parametrize("route", OWN_WORK, ids=" ".join)
def test_what_is_before_somebody_else_looks_as_if_there_were_none(client_for, workbench, route, role):
    lay(workbench)
    owner, other = client_for("analyst"), client_for(role)
    assignment = owner.submit("/work/next").headers["location"].rsplit("/", 1)[1]
    owner.post(f"/work/{assignment}/annotations", json=MARK, headers={"X-CSRF": owner.csrf})
    before, unheard_of = kept(workbench), "A" * len(assignment)
    refused = said(ask(other, route, assignment), other, assignment)
    assert refused == said(ask(other, route, unheard_of), other, unheard_of)
    assert refused[0] in (404, 409, 303)
    assert kept(workbench) == before
