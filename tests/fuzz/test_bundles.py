"""The bounded part of the attack with changed bundles (see ``bundles``)."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.config.checks import check_run
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.errors import UserError
from fairdd_core.runs.storage import documents
from fairdd_core.runs.storage.documents import About
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.workspace import HOME_VARIABLE, Workspace
from tests.fuzz.bundles import DOCUMENTS, Attack, byte_changes, document_changes, sampled, shape_changes

OF_EACH = 3


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Attack:
    with pytest.MonkeyPatch.context() as patched:
        home = tmp_path_factory.mktemp("home")
        patched.setenv(HOME_VARIABLE, str(home))
        return Attack(Workspace(home), whole=False)


@pytest.fixture(autouse=True)
def home(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(attack.workspace.root))


def read(folder: RunFolder, name: str) -> None:
    """Read one document as every view does."""
    match name:
        case "spec.json":
            folder.spec()
        case "result.json":
            folder.result()
        case "events.jsonl":
            folder.labels(), folder.trainings(), folder.attempts(), folder.reused(), folder.data()
        case "about.json":
            About.model_validate(documents.parse_json((folder.path / name).read_bytes()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_takes_or_refuses_every_value(attack: Attack, tmp_path: Path, name: str) -> None:
    folder, began, refused = RunFolder(tmp_path), time.process_time(), 0
    changes = list(document_changes(attack.bundle, name))
    every = max(1, len(changes) // 400)  # each field meets several of the values
    for make in changes[::every]:
        change = make()
        (tmp_path / name).write_bytes(change.content)
        try:
            read(folder, name)
        except (UserError, ValueError):
            refused += 1
        except Exception as error:
            pytest.fail(f"{change.file} {change.text}: {error!r}")
    assert refused > 20 or name == "events.jsonl", "events that cannot be read are left out"
    assert time.process_time() - began < 10


def test_changed_bundles_are_refused_or_open_everywhere(attack: Attack) -> None:
    rng = np.random.default_rng(0)
    for name in DOCUMENTS:
        for change in sampled(list(document_changes(attack.bundle, name)), OF_EACH, rng):
            attack(change)
    for source in (byte_changes(attack.bundle, rng), shape_changes(attack.bundle, rng)):
        for change in itertools.islice(source, OF_EACH):
            attack(change)
    assert attack.faults == []
    assert min(attack.outcomes[kind] for kind in ("shown", "refused")) > 1


def test_a_specification_that_passes_is_one_that_views_can_show(attack: Attack) -> None:
    check_run(RunSpec.model_validate_json(attack.bundle["spec.json"]))
