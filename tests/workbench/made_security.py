"""What is tried against the workbench, and by which test.

`.ci/security` runs them and writes docs/security_tests.md.
"""

from made_routes import GUARDED, OWN

from scantriage.store.accounts import ROLES

BROWSER, ACCESS, SIGN_IN = (
    f"workbench/test_{name}.py::test_" for name in ("work_in_a_browser", "access", "sign_in")
)  # fmt: skip
OIDC, API, TILES, LOADS = (f"workbench/test_{name}.py::test_" for name in ("oidc", "api", "tiles", "projected_loads"))
AUDIT, DECISIONS, ASSIGNMENTS = (f"store/test_{name}.py::test_" for name in ("audit", "decisions", "assignments"))
PACKAGE, OUTGOING, REFERRALS = "pipeline/test_referral_run.py::test_", "io/test_outgoing.py::test_", (
    "workbench/test_referral_pages.py::test_"
)  # fmt: skip

# group: {test below tests/: what it tries, and what must come of it}
TRIED = {
    "Sessions stolen, forged, expired": {
        f"{ACCESS}a_forged_session_is_none": "A token cut, lengthened, reversed, hashed, empty",
        f"{ACCESS}a_stolen_session_is_worth_nothing_after_signing_out": "A copied cookie, after its owner signed out",
        f"{ACCESS}one_can_end_a_session_of_ones_own_that_is_elsewhere": "Ending a session elsewhere; not another's",
        f"{ACCESS}a_session_ends_after_half_an_hour_without_a_sign_of_life": "A session left alone for 31 minutes",
        f"{ACCESS}a_session_ends_after_ten_hours_whatever_happens": "A session kept alive for ten hours",
        f"{ACCESS}nothing_in_the_database_opens_a_session": "Finding a token in the database's files",
        f"{ACCESS}the_cookie_is_out_of_reach_of_scripts_and_of_other_sites":
            "Reading or sending the cookie from elsewhere",
        "workbench/test_administration.py::test_what_is_done_to_an_account_puts_out_who_is_in":
            "Going on in a session after the account was disabled or reset",
        "workbench/test_administration.py::test_another_role_ends_what_the_old_one_began":
            "Going on with the rights of a role that was taken away",
    },
    "Every route of another role": {
        f"{ACCESS}every_route_says_whom_it_is_for": "A route that says nobody whom it is for",
        f"{ACCESS}a_role_gets_what_is_its_own_and_nothing_else":
            "Every route as every role; each refusal is in the trail, no answer is a fault",
        f"{ACCESS}without_a_session_there_is_only_the_door": "Every route without a session",
        "workbench/test_somebody_elses.py::test_what_is_before_somebody_else_looks_as_if_there_were_none":
            "Every route to an assignment, as analyst and supervisor, with one that lies before another",
        f"{REFERRALS}anothers_referral_looks_as_if_there_were_none": "Another partner's referral",
        f"{TILES}an_analysts_tiles_are_nobody_elses": "The pictures of another's assignment, as every role",
        f"{TILES}overseers_see_every_container_and_others_none": "Pictures by container number, as every role",
        f"{ACCESS}a_session_opens_nothing_of_the_api": "The API with a browser's session",
        f"{API}a_scope_opens_what_it_names_and_nothing_else": "Every path of the API with the other scopes",
        f"{API}no_token_is_made_for_who_must_not_see_containers": "A token for an analyst or an administrator",
        f"{API}a_token_ends_with_its_account_its_role_or_its_revocation":
            "A token that was revoked, or whose owner went",
        f"{API}without_a_live_token_there_is_nothing": "The API with no token, a made-up one, an expired one",
    },
    "Passwords, second factor, provider": {
        f"{SIGN_IN}five_wrong_passwords_lock_the_account_and_each_further_one_doubles_the_time": "Guessing passwords",
        f"{SIGN_IN}an_unknown_name_a_wrong_password_and_a_locked_account_look_the_same":
            "Learning which names there are",
        "workbench/test_limits.py::test_without_an_account_a_comparison_takes_as_long": "Learning it by the time taken",
        f"{SIGN_IN}wrong_codes_lock_too_and_end_the_session": "Guessing codes",
        f"{SIGN_IN}a_right_password_does_not_forget_wrong_codes": "Guessing codes with sign-ins between",
        f"{SIGN_IN}a_code_that_was_used_is_refused_and_so_are_those_before_it": "A code overheard and used again",
        f"{SIGN_IN}what_is_no_code_is_refused": "Things that are no code",
        f"{SIGN_IN}without_the_second_factor_there_is_nothing_but_the_door": "Any page between password and code",
        f"{SIGN_IN}a_hash_that_was_kept_is_argon2id_with_its_own_salt": "Reading passwords in the database",
        f"{OIDC}a_token_that_is_not_for_us_or_not_now_is_refused":
            "Tokens of a provider for others, expired, of another issuer or nonce",
        f"{OIDC}a_token_that_somebody_else_signed_is_refused": "A token signed with another key",
        f"{OIDC}an_answer_that_this_browser_did_not_ask_for_is_refused":
            "An answer of the provider sent to another's browser",
        f"{OIDC}an_account_with_a_password_is_never_linked_and_none_is_ever_made":
            "Taking over an account by its name at the provider",
        f"{OIDC}from_then_on_it_is_the_subject_that_counts_and_not_the_name":
            "Taking over a name that became free there",
        f"{OIDC}a_second_factor_at_the_provider_counts_and_a_password_alone_does_not":
            "Signing in there without a second factor",
    },
    "CSRF and other sites": {
        f"{ACCESS}every_change_takes_the_sessions_own_csrf_token":
            "Every route that changes something: without token, with a wrong one, with another's",
        f"{ACCESS}what_another_sites_page_sends_is_refused_even_with_the_token": "Forms that another site's page sends",
        "workbench/test_first_page.py::test_every_answer_tells_the_browser_to_be_careful":
            "Framing, sniffing, keeping pages",
    },
    "Script stored and reflected": {
        f"{BROWSER}script_in_paperwork_and_reasons_stays_text":
            "Script in every manifest field, finding, reason and filter, seen by analyst and supervisor in Chromium",
        "workbench/test_door_in_a_browser.py::test_a_script_that_got_into_a_page_does_not_run":
            "Script put into a page past the templates: the policy stops it",
        "workbench/test_queue_page.py::test_script_in_paperwork_is_text": "Script in the queue",
        "workbench/test_administration.py::test_markup_in_a_name_is_text": "Markup in somebody's name",
        "workbench/test_audit_page.py::test_what_people_wrote_is_shown_as_a_digest_and_markup_as_text":
            "Markup in the trail",
        "io/test_dossier.py::test_what_is_from_outside_is_text_and_not_markup":
            "Markup in what is printed in a dossier",
        "io/test_safe_csv.py::test_no_cell_begins_a_formula": "Formulas in tables that are exported",
        "workbench/test_api_schema.py::test_the_description_asks_for_no_script_and_names_every_scope":
            "Script from elsewhere in the pages of the API",
    },
    "Path tricks and hostile files": {
        f"{TILES}what_is_not_there_is_404": "Tiles and pictures by paths that lead out, encoded and not",
        f"{TILES}no_other_name_is_an_assignment": "Assignments by path, SQL, digest or container number",
        f"{REFERRALS}no_path_leads_to_another_file": "Packages by paths to the signing key and the database",
        "workbench/test_outcome_page.py::test_only_photographs_of_entries_are_served": "Photographs by other names",
        "store/test_workspace.py::test_pictures_never_leave_their_folder": "Pictures of containers with odd numbers",
        f"{OUTGOING}no_path_leads_out_of_the_folders_of_the_settings": "Sending a package to another folder",
        f"{OUTGOING}no_way_of_writing_an_address_inside_gets_there": "Sending a package to a machine inside",
        "io/test_archive.py::test_a_name_that_leads_out_or_cannot_be_used_is_left_out": "Archives whose names lead out",
        "io/test_archive.py::test_links_and_devices_in_a_tar_are_left_out": "Archives with links and devices",
        "io/test_archive.py::test_a_zip_bomb_is_refused_as_a_whole": "Archives that unpack to far more than they are",
        "io/test_photos.py::test_what_is_no_photo_is_refused_in_one_sentence":
            "Photographs that are none, or claim a billion pixels",
    },
    "Sizes and rates": {
        f"{ACCESS}what_is_too_long_is_not_read": "A request of 65 MiB, and one that does not say how long it is",
        f"{ACCESS}a_session_that_asks_too_often_is_slowed_down": "A session that asks without pause",
        f"{SIGN_IN}many_tries_from_one_address_are_slowed_down": "An address that tries without pause",
        "workbench/test_limits.py::test_no_more_than_two_passwords_are_compared_at_once": "Many sign-ins at one moment",
        "workbench/test_limits.py::test_buckets_that_are_full_again_are_thrown_away":
            "25,000 addresses, to fill the memory",
        f"{API}too_many_requests_are_told_when_to_come_back": "A program that asks without pause",
        f"{TILES}what_makes_no_sense_is_422": "Numbers that are negative, huge, infinite or none",
        f"{ACCESS}a_fault_of_ours_shows_nothing_of_what_is_inside": "Reading paths and names in an error",
    },
    "Blind assignment": {
        f"{BROWSER}nothing_that_reaches_the_browser_before_the_decision_names_the_container":
            "Every byte of every answer in Chromium searched for number, ship, firms, scans, digests",
        f"{BROWSER}every_link_an_analyst_is_given_leads_nowhere_that_names_it": "Every link followed, all the way down",
        f"{TILES}nothing_names_the_container_to_an_analyst": "Pictures, their facts and headers searched",
        "workbench/test_queue_page.py::test_only_the_supervisor_finds_a_container_by_its_number":
            "Looking for a container by its number",
        f"{ASSIGNMENTS}the_most_urgent_comes_first_and_the_id_tells_nothing":
            "Learning something from an assignment's id",
        f"{ASSIGNMENTS}a_skip_is_recorded_bounded_and_does_not_come_back_to_who_skipped":
            "Skipping until a certain one comes",
        f"{ASSIGNMENTS}nobody_skips_what_is_before_somebody_else": "Skipping what lies before another",
        "workbench/test_container_page.py::test_what_comes_next_is_reserved_and_its_page_stays_shut_until_then":
            "Opening what comes next before its time",
        f"{BROWSER}two_at_once_never_have_the_same_container": "Two who ask at one moment",
        f"{REFERRALS}a_partner_sees_the_referrals_to_its_own_sites_and_no_names": "Learning as a partner who decided",
        f"{PACKAGE}nothing_leaves_about_analysts_firms_or_other_containers": "Learning it from a package",
    },
    "Four eyes": {
        f"{DECISIONS}letting_an_urgent_container_go_takes_two_who_agree": "Letting an urgent container go alone",
        f"{DECISIONS}undoing_a_referral_of_an_urgent_container_still_takes_four_eyes": "The same by undoing a referral",
        f"{DECISIONS}two_who_disagree_leave_it_to_a_supervisor": "Two who differ",
        f"{DECISIONS}only_who_decided_or_a_supervisor_changes_a_decision": "Changing another's decision",
        f"{DECISIONS}nobody_decides_on_what_is_before_somebody_else": "Deciding for another",
        f"{ASSIGNMENTS}the_second_look_is_drawn_among_those_at_work": "Choosing who looks second, or being it oneself",
        "workbench/test_day.py::test_four_eyes_that_disagree_end_with_the_supervisor":
            "Learning at the second look who looked first",
    },
    "Projected loads told apart": {
        f"{LOADS}pages_and_pictures_are_those_of_a_real_container": "By any byte of page, header, picture or tile",
        f"{LOADS}answers_come_as_quickly": "By the time that answers take",
        f"{ASSIGNMENTS}a_set_share_carries_a_projected_load_and_looks_like_all_others": "By the assignment",
        f"{ASSIGNMENTS}a_load_never_comes_when_nothing_else_waits": "By its coming when nothing else does",
        "workbench/test_work.py::test_a_projected_load_that_ran_out_is_told_as_a_real_one": "By letting it run out",
        f"{LOADS}nothing_of_it_leaves_the_training_path": "Decided: whether queue, figures or records change by it",
        "pipeline/test_projection_run.py::test_nothing_of_a_projected_load_leaves_the_training_path":
            "Made: whether any other table or file changes by it",
    },
    "The trail changed, removed, reordered": {
        f"{AUDIT}a_change_of_any_field_is_found": "Changing any field of an entry",
        f"{AUDIT}removal_reordering_and_invention_are_found": "Removing, moving and inventing entries",
        f"{AUDIT}a_chain_made_anew_does_not_fit_what_was_signed": "Computing the whole chain anew",
        f"{AUDIT}a_chain_made_anew_and_signed_with_another_key_is_found": "The same, signed with another key",
        f"{AUDIT}a_trail_cut_off_at_its_end_is_found": "Cutting off its end with its checkpoints",
        f"{AUDIT}a_forged_checkpoint_is_found": "Forging a checkpoint",
        f"{AUDIT}the_program_itself_cannot_change_the_trail": "Changing it through the program's own connection",
        f"{AUDIT}an_act_that_fails_leaves_no_entry": "An entry without its act",
        f"{DECISIONS}a_record_changed_behind_the_trails_back_is_found":
            "Changing a decision and leaving the trail alone",
        "store/test_retention.py::test_each_kind_goes_when_its_days_are_over_and_the_trail_verifies":
            "Deletion of personal data, which must not break it",
    },
    "What leaves": {
        f"{OUTGOING}a_certificate_of_an_unknown_authority_is_refused":
            "A receiver with a certificate of its own making",
        f"{OUTGOING}a_certificate_for_another_name_is_refused": "A receiver with another's certificate",
        f"{OUTGOING}a_redirect_is_not_followed": "A receiver that sends elsewhere",
        f"{OUTGOING}what_is_posted_arrives_whole_and_signed_by_the_secret": "Changing a package on its way",
        f"{PACKAGE}a_package_that_was_changed_does_not_leave": "Changing a package where it lies",
        f"{REFERRALS}what_was_withdrawn_cannot_be_fetched_any_more": "Fetching what was withdrawn",
    },
    "The whole API, by schemathesis": {
        "workbench/test_api_schema.py::test_every_answer_is_one_that_is_described":
            "Up to 25 requests that fit and 25 that do not, for every operation: no 5xx, none that is not described",
    },
    "Killed, and many at once": {
        "store/test_many_hands.py::test_what_was_confirmed_outlives_a_kill_at_any_moment_and_nothing_is_doubled":
            "A process killed 30 times amid its work: no confirmed decision lost, none doubled",
        "store/test_many_hands.py::test_many_at_once_decide_each_container_once": "Eight at once in two processes",
        f"{DECISIONS}the_same_form_sent_twice_decides_once": "A form sent twice",
        f"{BROWSER}who_comes_too_late_is_told_so_and_keeps_the_text": "Deciding when another has it by now",
    },
}  # fmt: skip


def all_tried():
    """Every test once, in the order of the page."""
    return [test for tests in TRIED.values() for test in tests]


def routes_by_role():
    """The table of docs/security_tests.md: a line for each guarded route, then how many each role may use and not."""

    def told(route, role):
        return "refused" if role not in GUARDED[route] else "own" if route in OWN else "yes"

    rows = [[f"`{method} {path}`", *(told((method, path), role) for role in ROLES)] for method, path in GUARDED]
    allowed = [sum(role in roles for roles in GUARDED.values()) for role in ROLES]
    rows.append([f"**{len(GUARDED)} routes, of which allowed**", *allowed])
    rows.append(["**refused**", *(len(GUARDED) - n for n in allowed)])
    head = [["route", *ROLES], ["---"] * (1 + len(ROLES))]
    return [f"| {' | '.join(map(str, row))} |" for row in head + rows]
