import pytest
from workbench_made import person

from scantriage.store.database import Database


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "scantriage.db")
    yield opened
    opened.close()


@pytest.fixture
def people(database):
    """Numbers of two analysts, a third, and a supervisor."""
    with database.writing() as connection:
        roles = {"ann": "analyst", "bob": "analyst", "cas": "analyst", "sue": "supervisor", "aud": "auditor"}
        return {name: person(connection, name, role) for name, role in roles.items()}
