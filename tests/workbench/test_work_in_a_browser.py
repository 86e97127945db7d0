"""An analyst's work in a real browser: by keyboard alone, beside a colleague, too late, and blind until decided."""

import json
import re
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_container import lay
from made_queue import NOW, SECRETS, number, queue_row
from made_views import made_views

from scantriage.store import decisions, preferences, queue
from scantriage.store.preferences import Preferences

pytestmark = pytest.mark.browser

N = 6
EVIL = "</textarea><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'{{7*7}}"


@pytest.fixture(autouse=True)
def containers(workbench):
    lay(workbench, n=N, views=replace(made_views(rows=165, cols=610), dual={}))


@pytest.fixture
def person(chromium, served, client_for):
    """Somebody of this role in a browser window of their own."""
    contexts = []

    def person(role, **options):
        context = chromium.new_context(base_url=served, viewport={"width": 1366, "height": 768})
        contexts.append(context)
        token = client_for(role, **options).cookies["__Host-session"]
        context.add_cookies([{"name": "session", "value": token, "url": served}])
        return context.new_page()

    yield person
    for context in contexts:
        context.close()


def begin(tab):
    """Ask for the next container by its key; the id of the assignment."""
    tab.goto("/work")
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(r"/work/[\w-]{20,}$"))
    return tab.url.rsplit("/", 1)[1]


def container_of(workbench, assignment):
    with workbench.database.reading() as connection:
        return connection.exec_driver_sql("SELECT container_id FROM assignments WHERE id = ?", (assignment,)).scalar()


def decided_on(workbench, place):
    with workbench.database.reading() as connection:
        return decisions.decisions_on(connection, number(place))


def accept(tab):
    found = Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.violations_count == 0, found.generate_report()


def test_a_container_is_decided_without_a_mouse_and_the_next_comes(person, workbench):
    tab = person("analyst")
    first = begin(tab)
    accept(tab)
    tab.keyboard.press("r")
    tab.keyboard.press("1")
    tab.keyboard.press("3")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/decided")
    accept(tab)
    assert container_of(workbench, first) in tab.inner_text("main")
    (decision,) = decided_on(workbench, 1)
    assert decision.reason == "Something was added. The load was moved by hand."
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(r"/work/[\w-]{20,}$"))
    tab.keyboard.press("l")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/decided")
    assert decided_on(workbench, 2)[0].verdict == "release"
    tab.click("text=Change this decision")
    tab.wait_for_url("**/change")
    accept(tab)


@pytest.mark.parametrize("keys", [["Enter"], ["r"], ["l"], ["c"], ["1"], ["r", "Enter"], ["c", "Enter"],
                                  ["r", "Escape", "Enter"],
                                  ["l", "Escape", "Enter"], ["Space", "Enter"]])  # fmt: skip
def test_stray_keys_decide_nothing(person, workbench, keys):
    tab = person("analyst")
    begin(tab)
    for key in keys:
        tab.keyboard.press(key)
    tab.wait_for_timeout(150)
    assert not tab.url.endswith("/decided")
    assert decided_on(workbench, 1) == []


def test_a_choice_without_a_reason_says_so(person):
    tab = person("analyst")
    begin(tab)
    tab.keyboard.press("c")
    tab.keyboard.press("Enter")
    assert "Give a reason" in tab.inner_text("[data-problem]")
    tab.keyboard.press("2")
    assert tab.inner_text("[data-problem]") == ""


def test_letters_typed_into_the_reason_are_letters(person):
    tab = person("analyst")
    begin(tab)
    tab.keyboard.press("r")
    tab.locator("textarea[name=text]").focus()
    tab.keyboard.type("clear rolls 123")
    assert tab.input_value("textarea[name=text]") == "clear rolls 123"
    assert tab.locator("input[name=verdict]:checked").get_attribute("value") == "refer"


def test_two_at_once_never_have_the_same_container(person, workbench):
    ana, ben = person("analyst"), person("analyst")
    given = {"ana": [], "ben": []}
    for tab in (ana, ben):
        tab.goto("/work")
    for _ in range(N // 2):
        for tab in (ana, ben):  # both are asked for before either has answered
            tab.evaluate("setTimeout(() => document.querySelector('form[data-next]').requestSubmit())")
        for name, tab in (("ana", ana), ("ben", ben)):
            tab.wait_for_url(re.compile(r"/work/[\w-]{20,}$"))
            given[name].append(container_of(workbench, tab.url.rsplit("/", 1)[1]))
        for tab in (ana, ben):
            tab.keyboard.press("l")
            tab.keyboard.press("Enter")
        for tab in (ana, ben):
            tab.wait_for_url("**/decided")
    assert sorted(given["ana"] + given["ben"]) == sorted(number(place) for place in range(1, N + 1))
    assert all(len(decided_on(workbench, place)) == 1 for place in range(1, N + 1))


def test_who_comes_too_late_is_told_so_and_keeps_the_text(person, workbench, clock):
    ana, ben = person("analyst"), person("analyst")
    ana.route("**/coming", lambda route: route.abort())  # seconds late, it would count as work after the half hour
    late = begin(ana)
    ana.keyboard.press("r")
    ana.keyboard.press("1")
    ana.fill("textarea[name=text]", "A long explanation.")
    clock.go_on(minutes=29)
    ben.goto("/work")  # both sessions go on
    ana.request.get("/account")
    clock.go_on(minutes=2)
    taken = begin(ben)
    assert container_of(workbench, taken) == container_of(workbench, late)
    ben.keyboard.press("l")
    ben.keyboard.press("Enter")
    ben.wait_for_url("**/decided")
    ana.keyboard.press("Control+Home")
    ana.click("form[data-decision] button.main")
    ana.wait_for_selector("h1:has-text('not taken')")
    said = ana.inner_text("main")
    assert "Your time for this container ran out" in said
    assert "Somebody else has decided on it." in said
    assert ana.input_value("#kept") == "A long explanation."
    accept(ana)
    (decision,) = decided_on(workbench, 1)
    assert decision.verdict == "release"
    ana.click("form[data-next] button")
    ana.wait_for_url(re.compile(r"/work/[\w-]{20,}$"))


class Recorder:
    """Keeps every answer as it leaves: address, headers and body."""

    def __init__(self, app, kept):
        self.app, self.kept = app, kept

    async def __call__(self, scope, receive, send):
        async def keep(message):
            if message["type"] == "http.response.start":
                self.kept.append((scope["path"], bytearray(repr(message["headers"]).encode())))
            elif message["type"] == "http.response.body":
                self.kept[-1][1].extend(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, keep if scope["type"] == "http" else send)


def _viewed(answers):
    """The containers, by the names that their views go by, of which views were sent."""
    return {re.match(r"/views/([\w-]+)/", path)[1] for path, _ in answers if path.startswith("/views/")}


def test_nothing_that_reaches_the_browser_before_the_decision_names_the_container(app, person, workbench):
    """Pages, scripts, pictures, tiles, drawings, and what is fetched ahead."""
    answers = []
    app.add_middleware(Recorder, kept=answers)
    tab = person("analyst")
    begin(tab)
    tab.wait_for_selector("canvas")
    with tab.expect_response(re.compile("/coming$"), timeout=15_000):
        pass
    for key in ("4", "5", "o", "n", "p"):
        tab.keyboard.press(key)
    for _ in range(200):  # until the views of the next container are fetched, too
        if len(_viewed(answers)) == 2:
            break
        tab.wait_for_timeout(50)
    tab.wait_for_load_state("networkidle")
    with workbench.database.reading() as connection:
        rows = queue.page_of_queue(connection, queue.QueueFilter()).rows
    ids = [row.line[name] for row in rows for name in ("origin_scan", "rescan")]
    numbers, digests = [row.container_id for row in rows], [row.reading_digest for row in rows]
    forbidden = [*numbers, *(one[4:10] for one in numbers), *ids, *SECRETS, *digests, "SCAN-origin", "SCAN-rescan"]
    assert _told(answers, forbidden) == []
    paths = [path for path, _ in answers]
    for kind in (r"/work/[\w-]+", r"/work/[\w-]+/coming", r"/views/[\w-]+/meta\.json", r"/views/[\w-]+/\w+/0/0\.bin"):
        assert any(re.fullmatch(kind, path) for path in paths), kind
    assert len(_viewed(answers)) == 2
    tab.keyboard.press("l")  # and after the decision this very search finds the number
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/decided")
    assert {name for _, name in _told(answers, forbidden)} >= {number(1), SECRETS[0]}


def _told(answers, forbidden):
    return [
        (path, name) for path, told in list(answers) for name in forbidden
        if name in path or name.encode() in bytes(told)
    ]  # fmt: skip


def test_every_link_an_analyst_is_given_leads_nowhere_that_names_it(client_for):
    """What no page shows but a link or a form leads to: followed, all the way down, without deciding."""
    ana = client_for("analyst")
    start = ana.submit("/work/next").headers["location"]
    seen, waiting = {}, ["/work", start, f"{start}/change", f"{start}/decided", f"{start}/annotations"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("/static", "http")):
            continue
        seen[path] = ana.get(path)
        waiting += re.findall(r'(?:href|src|action)="(/[^"]*)"', seen[path].text)
        waiting += re.findall(r'data-[a-z-]+="(/[^"]*)"', seen[path].text)
    forbidden = [*(number(place) for place in range(1, N + 1)), *SECRETS]
    told = [
        (path, name)
        for path, answer in seen.items()
        for name in forbidden
        if name in answer.text or name in str(answer.headers)
    ]
    assert told == []
    assert len(seen) >= 6


def test_script_in_paperwork_and_reasons_stays_text(person, workbench):
    rows = []
    for place in range(1, N + 1):
        row = queue_row(place)
        manifest = dict.fromkeys(json.loads(row.manifest), EVIL) | {
            "container_id": row.container_id,
            "gross_kg": 1.0,
        }
        line = row.line | {"reason": EVIL}
        line["findings"][0]["sentence"] = line["evidence"][0]["sentence"] = EVIL
        rows.append(
            replace(
                row, manifest=json.dumps(manifest), vessel=EVIL, why=EVIL, flow=EVIL, zone=EVIL, row=json.dumps(line)
            )
        )
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, rows, NOW)
        preferences.save(connection, Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=0.0))
    ana, ben, sue = person("analyst"), person("analyst"), person("supervisor")
    broken = []
    for tab in (ana, ben, sue):
        tab.on("dialog", lambda dialog: broken.append(dialog.message))
        tab.on("console", lambda said: "Content Security Policy" in said.text and broken.append(said.text))
    begin(ana)
    ana.keyboard.press("l")
    ana.fill("textarea[name=text]", EVIL)
    ana.click("form[data-decision] button.main")
    ana.wait_for_url("**/decided")
    begin(ben)
    ben.keyboard.press("r")
    ben.fill("textarea[name=text]", EVIL)
    ben.click("form[data-decision] button.main")
    ben.wait_for_url("**/decided")
    begin(sue)  # settles, and sees both reasons
    assert EVIL in sue.inner_text(".verdicts")
    for path in (
        f"/queue?state={EVIL}",
        "/queue?state=",
        f"/containers/{number(1)}",
        f"/outcomes?container={EVIL[:11]}",
    ):
        sue.goto(path)
        assert sue.evaluate("window.hacked") is None
    for tab in (ana, ben):
        assert tab.evaluate("window.hacked") is None
        assert "49" not in tab.inner_text("main")
    assert broken == []


@pytest.mark.parametrize(
    ("role", "path"),
    [("analyst", "/work"), ("analyst", "/work?done=true"), ("supervisor", "/work"), ("supervisor", "/queue"),
     ("auditor", "/queue?state="), ("supervisor", "/queue?place=NLRTM&zone=floor&age=day"), ("supervisor", "/outcomes"),
     ("auditor", "/outcomes"), ("administrator", "/accounts/1/tokens")],
)  # fmt: skip
def test_pages_are_for_everybody(person, role, path):
    tab = person(role)
    tab.goto(path)
    accept(tab)


def test_an_outcome_is_entered_and_corrected_in_the_browser(person):
    tab = person("supervisor")
    tab.goto(f"/outcomes?container={number(1)}")
    tab.fill("#place", "NLRTM")
    tab.check("input[value=find]")
    tab.fill("#kind", "cocaine")
    tab.fill("#mass_kg", "12,5")
    tab.select_option("#zone", "floor")
    tab.click("form[action='/outcomes'] button")
    tab.wait_for_url("**/outcomes/1")
    accept(tab)
    tab.click("summary")
    tab.fill("#mass_kg", "14")
    accept(tab)
    tab.click("form[action$='/correct'] button")
    tab.wait_for_url("**/outcomes/2")
    assert "14 kg" in tab.inner_text("main")
