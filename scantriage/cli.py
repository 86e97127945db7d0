"""The command line: parses, calls one function, prints, chooses the exit code.

What a command needs is imported inside it, so that ``--help`` and a wrong command line answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from typer.exceptions import TyperException

from scantriage import __version__
from scantriage.errors import ScantriageError, UnusableInput

if TYPE_CHECKING:
    from rich.table import Table

    from scantriage.pipeline.day_run import DayResult
    from scantriage.pipeline.demo_run import Demonstration
    from scantriage.pipeline.progress import Progress
    from scantriage.rank.case import Ranked

_FAULT_OF_OURS, _UNUSABLE, _INTERRUPTED = 1, 2, 130
_N_SHOWN, _N_PROBLEMS_SHOWN = 10, 20

# of both commands that train a model
_Models = Annotated[Path | None, typer.Option(help="Where the model goes; where triage looks, unless given.")]
_Threads = Annotated[int | None, typer.Option(min=1, help="Processes and threads; one per core unless given.")]

app = typer.Typer(
    name="scantriage",
    help="Compares the X-ray scans of a sea container made at its source and on arrival, and ranks what to open.",
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
audit_app = typer.Typer(help="The trail of what was seen and decided.", rich_markup_mode=None)
app.add_typer(audit_app, name="audit")
account_app = typer.Typer(help="Accounts of the workbench.", no_args_is_help=False, rich_markup_mode=None)
app.add_typer(account_app, name="account")
_out = Console()
_err = Console(stderr=True)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        _say(error.format_message())
        code = _UNUSABLE
    except ScantriageError as error:
        _say(error.sentence)
        code = _UNUSABLE
    if code == _INTERRUPTED:  # typer's own answer to Ctrl-C
        _say("Interrupted. The same command goes on where this one stopped.")
    sys.exit(code)


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def triage(
    deliveries: Annotated[list[Path], typer.Argument(metavar="DELIVERY...", help="Folders, .zip or .tar files.")],
    workspace: Annotated[Path, typer.Option(help="Folder of the database and the products; made if missing.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; one per core unless given.")] = None,
    now: Annotated[str | None, typer.Option(help="Rank as of this moment (RFC 3339), to replay a day.")] = None,
) -> int:
    """Take deliveries into a workspace, read what is new, and rank all its containers."""
    from scantriage.pipeline.day_run import triage as run_triage

    moment = None if now is None else _moment(now)
    with _progress_bars() as progress:
        result = run_triage(deliveries, workspace, n_workers=workers or _n_cores(), progress=progress, now=moment)
    _show(result, workspace)
    return _FAULT_OF_OURS if result.failed else 0


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="Where the delivery goes; made if missing, else empty.")],
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of scans.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same delivery.")] = 1,
    scale: Annotated[float, typer.Option(min=0.1, max=1.0, help="Of full resolution.")] = 0.4,
) -> int:
    """Write a delivery of simulated pairs, with the truth about every container in truth.jsonl."""
    from scantriage.pipeline.simulate_run import simulate_delivery

    try:
        if folder.exists() and any(folder.iterdir()):
            raise UnusableInput(f"{folder} is not empty.")
        with _progress_bars() as progress:
            truths = simulate_delivery(
                folder, n_pairs=pairs, seed=seed, scale=scale, on_pair=lambda done: progress("Simulating", done, pairs)
            )
    except OSError as error:
        raise UnusableInput(f"{folder} cannot be written: {error.strerror}.") from error
    typer.echo(f"{_counted(truths)} simulated: {folder}")
    return 0


@app.command()
def learn(
    folder: Annotated[Path, typer.Argument(help="Where examples and checkpoints are kept, to go on from.")],
    models: _Models = None,
    pairs: Annotated[int, typer.Option(min=300, help="Simulated pairs to train on.")] = 22_000,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each pair is seen.")] = 15,
    onward: Annotated[
        bool, typer.Option("--onward", help="Go on from the model that is there, with pairs that it has not seen.")
    ] = False,
    workers: _Threads = None,
) -> int:
    """Train the learned part of the comparison on simulated pairs; hours on two cores, resumable."""
    from scantriage.pipeline.learn_run import learn as run_learn
    from scantriage.pipeline.model import MODELS

    models = models or MODELS
    with _progress_bars() as progress:
        left_out = run_learn(
            folder,
            models,
            n_pairs=pairs,
            n_epochs=epochs,
            onward=onward,
            n_workers=workers or _n_cores(),
            progress=progress,
        )
    _say_some(left_out)
    typer.echo(f"Model and card: {models}")
    return 0


@app.command()
def learn_front(
    folder: Annotated[Path, typer.Argument(help="Where examples and the checkpoint are kept, to go on from.")],
    models: _Models = None,
    containers: Annotated[int, typer.Option(min=100, help="Simulated containers, four pairs each.")] = 3_100,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each pair is seen.")] = 9,
    workers: _Threads = None,
) -> int:
    """Train what looks closer at the front of a container; an hour and a half on two cores, resumable."""
    from scantriage.pipeline.front_run import learn_front as run_learn
    from scantriage.pipeline.model import MODELS

    models = models or MODELS
    with _progress_bars() as progress:
        left_out = run_learn(
            folder, models, n_containers=containers, n_epochs=epochs, n_workers=workers or _n_cores(),
            progress=progress,
        )  # fmt: skip
    _say_some(left_out)
    typer.echo(f"Model and card: {models}")
    return 0


@app.command()
def learn_undersides(
    folder: Annotated[Path, typer.Argument(help="Where examples and the checkpoint are kept, to go on from.")],
    models: _Models = None,
    scans: Annotated[int, typer.Option(min=20, help="Simulated scans to train on.")] = 3_000,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each scan is seen, on every chassis.")] = 20,
    workers: _Threads = None,
) -> int:
    """Train what finds a container's lower edges; ten minutes on two cores, resumable."""
    from scantriage.pipeline.model import MODELS
    from scantriage.pipeline.underside_run import learn_undersides as run_learn

    models = models or MODELS
    with _progress_bars() as progress:
        run_learn(folder, models, n_scans=scans, n_epochs=epochs, n_workers=workers or _n_cores(), progress=progress)
    typer.echo(f"Model and card: {models}")
    return 0


@app.command()
def projections(
    workspace: Annotated[Path, typer.Option(help="Folder of the database and the products.")],
    share: Annotated[float, typer.Option(min=0.0, max=0.5, help="Of the compared containers.")] = 0.03,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; one per core unless given.")] = None,
) -> int:
    """Project simulated loads into copies of readings, for analysts to notice; run after triage."""
    import numpy as np

    from scantriage.pipeline.projection_run import make_projections

    with _progress_bars() as progress:
        made = make_projections(
            workspace, share=share, n_workers=workers or _n_cores(), progress=progress, rng=np.random.default_rng()
        )
    typer.echo(f"{made.n_made} of {made.n_wanted} missing loads projected: {workspace}")
    return 0


@app.command()
def referrals(
    workspace: Annotated[Path, typer.Option(help="Folder of the database and the products.")],
) -> int:
    """Pack and send the referrals that are due, and the notices of those withdrawn; to be run by cron, too."""
    from scantriage.pipeline.referral_run import refer

    run = refer(workspace)
    typer.echo(f"Referrals: {run.n_changed} opened or withdrawn, {run.n_packed} packed, {run.n_delivered} delivered.")
    if run.n_not_delivered:
        _say(f"{run.n_not_delivered} not delivered; the page of referrals says why and when it is tried again.")
    if run.n_not_packed:
        _say(f"{run.n_not_packed} not packed; the workbench's page of referrals says why.")
    return _FAULT_OF_OURS if run.n_not_packed else 0


@app.command()
def figures(
    workspace: Annotated[Path, typer.Option(help="The workspace; a workbench may serve it meanwhile.")],
) -> int:
    """Count the days of a workspace anew and look for rates that changed, as a run of triage does at its end."""
    from datetime import UTC

    from scantriage.pipeline.figures_run import make_report
    from scantriage.store.database import Database
    from scantriage.store.places import Places

    places = Places(workspace.resolve())
    if not places.database.exists():
        raise UnusableInput(f"{workspace} is no workspace: triage makes one.")
    database = Database(places.database)
    try:
        report = make_report(database, places, now=datetime.now(UTC))
    finally:
        database.close()
    n_read = sum(row.n for row in report.counts.read["port"])
    found = f"{n_read} containers counted, {report.n_series} rates watched, {len(report.changes)} changes"
    typer.echo(f"{found}: {places.monitoring}")
    return 0


@app.command()
def retention(
    workspace: Annotated[Path, typer.Option(help="The workspace; a workbench may serve it meanwhile.")],
) -> int:
    """Delete what of people and firms was kept long enough, as the workbench's preferences say."""
    from scantriage.pipeline.retention_run import delete_what_is_due

    for kind, n_deleted in delete_what_is_due(workspace).items():
        typer.echo(f"{kind}: {n_deleted} deleted")
    return 0


@audit_app.command("verify")
def verify_audit(
    workspace: Annotated[Path, typer.Option(help="Folder of the database; the workbench may be running.")],
    checkpoints: Annotated[
        Path | None, typer.Option(help="A copy of the checkpoint file that was kept elsewhere.")
    ] = None,
) -> int:
    """Find whatever was changed, removed or reordered in the trail; exit code 1, one sentence each."""
    from scantriage.pipeline.audit_run import verify_trail

    report = verify_trail(workspace, checkpoints=checkpoints)
    for fault in report.faults:
        _say(fault)
    whole = f"{len(report.faults)} faults" if report.faults else "whole"
    typer.echo(f"{report.n_entries} entries, {report.n_checkpoints} signed checkpoints: {whole}.")
    return _FAULT_OF_OURS if report.faults else 0


@app.command()
def serve(
    workspace: Annotated[Path, typer.Option(help="Folder of the database and the products.")],
    host: Annotated[str | None, typer.Option(help="Address to answer on; this machine alone unless given.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8080 unless given; 0: any free one.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate for TLS, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
) -> int:
    """Serve the workbench in which analysts review what was ranked, until it is interrupted."""
    from scantriage.workbench.serving import serve as run_server

    def ready(address: str) -> None:
        typer.echo(f"The workbench answers at {address}; Ctrl-C stops it.")

    run_server(workspace, host=host, port=port, certificate=certificate, key=key, ready=ready)
    return 0


@app.command()
def demo(
    workspace: Annotated[Path, typer.Option(help="Folder of the demonstration; made if missing.")] = Path(
        "demonstration"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8080,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same demonstration.")] = 1,
    codes: Annotated[
        bool, typer.Option("--codes", help="Print the accounts with their present codes, and stop.")
    ] = False,
) -> int:
    """Make a demonstration workspace with accounts for every role, and serve it on this machine."""
    from scantriage.pipeline.demo_run import make_demonstration, read_demonstration
    from scantriage.workbench.access.passwords import Passwords
    from scantriage.workbench.serving import serve as run_server

    if codes:
        typer.echo(_demo_accounts(read_demonstration(workspace)))
        return 0
    with _progress_bars() as progress:
        made = make_demonstration(
            workspace, seed=seed, n_workers=_n_cores(), progress=progress, now=datetime.now(UTC),
            hash_password=Passwords().hash,
        )  # fmt: skip

    def ready(address: str) -> None:
        typer.echo(_demo_accounts(made))
        typer.echo(f"Demonstration accounts. Present codes: scantriage demo --codes --workspace {workspace}")
        typer.echo(f"The demonstration answers at {address}; Ctrl-C stops it.")

    run_server(workspace, host="127.0.0.1", port=port, ready=ready)
    return 0


@account_app.command("add")
def add_account(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[str, typer.Option(help="analyst, supervisor, auditor, administrator or partner.")],
    workspace: Annotated[Path, typer.Option(help="Folder of the database and the products; made if missing.")],
    shown_as: Annotated[str, typer.Option(help="Name to show; the same unless given.")] = "",
    site: Annotated[list[str] | None, typer.Option(help="UN/LOCODE it works for; all unless given.")] = None,
) -> int:
    """Make an account of the workbench, and print the password for its first sign-in."""
    from scantriage.workbench.access.first_account import add_account_to

    password = add_account_to(workspace, name=name, display_name=shown_as, role=role, sites=site or ())
    typer.echo(f"Password for the first sign-in of {name}, shown this once: {password}")
    return 0


def _demo_accounts(made: Demonstration) -> str:
    """The accounts with their codes of this half minute, one a line, not cut where the screen is narrow."""
    import pyotp

    head = ("name", "role", "password", "code now", "secret for an authenticator app")
    rows = [(a.name, a.role, a.password, pyotp.TOTP(a.totp_secret).now(), a.totp_secret) for a in made.accounts]
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows))
    return "\n".join(line.rstrip() for line in lines)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(f"--now is a moment such as 2026-10-01T12:00:00Z, got {text!r}.")
    return moment


def _n_cores() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def _progress_bars() -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_err) as bars:
        known = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in known:
                known[stage] = bars.add_task(stage)
            bars.update(known[stage], completed=done, total=total)

        yield show


def _show(result: DayResult, workspace: Path) -> None:
    """The top of the ranking, what went wrong, and where the rest is."""
    if result.ranked:
        _out.print(_table(result.ranked[:_N_SHOWN]))
    for sentence in result.problems[:_N_PROBLEMS_SHOWN]:
        _say(sentence)
    if len(result.problems) > _N_PROBLEMS_SHOWN:
        _say(f"{len(result.problems) - _N_PROBLEMS_SHOWN} more problems are listed in {workspace / 'run.json'}.")
    if result.without_scan:
        _say(f"{_counted(result.without_scan)} of the manifest without a scan, listed in {workspace / 'run.json'}.")
    if result.failed:
        _say(f"{_counted(result.failed)} not read for a fault of ours, explained in {workspace / 'log.jsonl'}.")
    typer.echo(f"{_counted(result.ranked)} ranked, {result.n_fresh} read now: {workspace / 'ranking.csv'}")
    typer.echo(f"Pictures: {workspace / 'pictures'}")


def _table(ranked: tuple[Ranked, ...]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("rank", "container", "priority", "action", "where", "why"):
        table.add_column(name, justify="right" if name in ("rank", "priority") else "left", no_wrap=name != "why")
    for one in ranked:
        cells = (str(one.rank), one.case.container_id, f"{one.priority:.3f}", one.action, one.where or "", one.why)
        table.add_row(*map(Text, cells))  # as text: names from outside are no markup
    return table


def _counted(containers: Sequence[object]) -> str:
    return "1 container" if len(containers) == 1 else f"{len(containers)} containers"


def _say_some(left_out: Sequence[str]) -> None:
    """The first of what was left out, and how much more there is."""
    for sentence in left_out[:_N_PROBLEMS_SHOWN]:
        _say(sentence)
    if len(left_out) > _N_PROBLEMS_SHOWN:
        _say(f"{len(left_out) - _N_PROBLEMS_SHOWN} more were left out.")


def _say(sentence: str) -> None:
    """One line on standard error."""
    typer.echo(f"scantriage: {' '.join(sentence.split())}", err=True)
