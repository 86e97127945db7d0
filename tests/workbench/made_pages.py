"""Every page of the workbench: who opens it, where, and what is pressed before it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

# routes that are asked for with GET and are no pages: pictures, tables, JSON, and redirects
NO_PAGES = {
    "/", "/enrol/code.svg", "/oidc/start", "/oidc/return", "/queue/counts", "/work/{assignment_id}/annotations",
    "/containers/{container_id}/annotations", "/monitoring/rates.svg", "/monitoring/coverage.svg",
    "/monitoring/calibration.svg", "/monitoring/{name}.csv", "/monitoring/analysts/{name}.csv", "/audit.csv",
    "/audit/container", "/outcomes/photos/{sha256}.jpg", "/referrals/{referral_id}/package",
    "/partner/{referral_id}/package", "/views/{assignment_id}/meta.json",
    "/views/{assignment_id}/{layer}/{row}/{col}.bin", "/views/{assignment_id}/picture.jpg",
    "/views/{assignment_id}/thumb.jpg", "/containers/{container_id}/views/meta.json",
    "/containers/{container_id}/views/{layer}/{row}/{col}.bin", "/containers/{container_id}/views/picture.jpg",
    "/containers/{container_id}/thumb.jpg",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it is shown; its picture has the same name.

    who: a name of the demonstration; "" is nobody, and "+" before the last step of signing in. route: as the app has
    it. place: what its parameter is called in the addresses. keys: pressed once the viewer
    has drawn. status: of the answer.
    """

    name: str
    who: str
    route: str
    place: str = ""
    keys: tuple[str, ...] = ()
    status: int = 200


WORK, CONTAINER = "/work/{assignment_id}", "/containers/{container_id}"
PAGES = (
    Shown("sign_in", "", "/sign-in"),
    Shown("second_factor", "+anna", "/second-factor"),
    Shown("enrol", "+nora", "/enrol"),
    Shown("change_password", "anna", "/change-password"),
    Shown("my_account", "anna", "/account"),
    Shown("work", "anna", "/work"),
    Shown("container", "anna", WORK, "open"),
    Shown("container_difference", "anna", WORK, "open", keys=("5",)),
    Shown("container_overlay", "anna", WORK, "open", keys=("4", "r")),
    Shown("decided", "bram", f"{WORK}/decided", "decided"),
    Shown("projected_load", "carla", f"{WORK}/decided", "projected"),
    Shown("change", "bram", f"{WORK}/change", "decided"),
    Shown("queue", "sofie", "/queue"),
    Shown("container_supervisor", "sofie", CONTAINER, "container"),
    Shown("settle", "sofie", WORK, "disputed"),
    Shown("outcomes", "sofie", "/outcomes"),
    Shown("outcome", "sofie", "/outcomes/{number}", "outcome"),
    Shown("referrals", "sofie", "/referrals"),
    Shown("monitoring", "sofie", "/monitoring"),
    Shown("monitoring_analysts", "sofie", "/monitoring/analysts"),
    Shown("preferences", "sofie", "/preferences"),
    Shown("audit", "otto", "/audit"),
    Shown("audit_container", "otto", "/audit/container/{container_id}", "history"),
    Shown("accounts", "iris", "/accounts"),
    Shown("account", "iris", "/accounts/{account_id}", "account"),
    Shown("tokens", "iris", "/accounts/{account_id}/tokens", "account"),
    Shown("sites", "iris", "/sites"),
    Shown("site", "iris", "/sites/{code}", "site"),
    Shown("partner", "piet", "/partner"),
    Shown("partner_outcome", "piet", "/partner/{referral_id}/outcome", "referral"),
    Shown("error", "anna", WORK, "unheard_of", status=404),
)
