from scantriage.workbench.shown import FIELDS_SHOWN, shown_manifest

MANIFEST = {
    "container_id": "HLBU1527916", "goods": "bananas", "vessel": "MSC ISABELLA", "voyage": "123N", "seal": "S1",
    "bill_of_lading": "BL1", "shipper": "Exporter", "consignee": "Importer", "gross_kg": None, "hs_code": "",
}  # fmt: skip
FORBIDDEN = {"container_id", "vessel", "voyage", "seal", "bill_of_lading", "shipper", "consignee", "eta"}


def test_an_analyst_sees_goods_and_nothing_that_names_the_container():
    assert shown_manifest(MANIFEST, "analyst") == {"goods": "bananas"}
    assert not FORBIDDEN & set(FIELDS_SHOWN["analyst"])


def test_after_the_decision_number_and_ship_are_shown_and_firms_are_not():
    shown = shown_manifest(MANIFEST, "analyst", decided=True)
    assert shown["container_id"] == "HLBU1527916"
    assert not {"shipper", "consignee"} & shown.keys()


def test_firms_are_for_supervisor_and_auditor_only():
    assert {role for role, fields in FIELDS_SHOWN.items() if "consignee" in fields} == {"supervisor", "auditor"}
