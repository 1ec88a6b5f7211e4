"""The repeats of a run are found by their specifications, and only finished ones count."""

from __future__ import annotations

import pytest

from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage import archive, trash
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repeats import Repeats, describe_seeds, members, repeats_document, repeats_of
from fairdd_core.workspace import Workspace
from tests.runs.conftest import MakeSpec

GAPS = {0: 0.10, 1: 0.12, 2: 0.17}


def document(run: str, gap: float) -> dict:
    arms = {"vanilla": {"deo_mean": {"mean": gap, "std": 0.01, "ci95": [0.0, 0.3], "floor": [0.05, 0.01]}}}
    return {"run": run, "arms": arms, "others": {"mlp": {"vanilla": {"accuracy": {"mean": 1 - gap}}}}}


def add(workspace: Workspace, spec: RunSpec, gap: float | None = 0.1, state: RunState = RunState.DONE) -> str:
    store = Store(workspace)
    run_id = store.create(spec)
    if gap is not None:
        store.folder(run_id).write_result(document(run_id, gap))
    store.update(run_id, state=state)
    return run_id


def found(workspace: Workspace, spec: RunSpec, first: str = "") -> Repeats:
    return repeats_of(spec, members(Store(workspace)), first)


@pytest.fixture
def three(workspace: Workspace, make_spec: MakeSpec) -> dict[int, str]:
    """Return the runs of three seeds, and put another run beside them."""
    add(workspace, make_spec(iterations=41))
    return {seed: add(workspace, make_spec(seed=seed), gap) for seed, gap in GAPS.items()}


def test_all_runs_that_differ_in_the_seed_alone_are_repeats(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    repeats = found(workspace, make_spec(seed=7, device="cuda:0", preset="other"))
    assert {repeat.seed: repeat.run for repeat in repeats.used} == three
    assert repeats.seeds == (0, 1, 2)
    assert repeats.several
    assert not repeats.note()
    assert found(workspace, make_spec(iterations=41)).seeds == (0,)
    assert not found(workspace, make_spec(iterations=41)).several
    assert found(workspace, make_spec(iterations=42)).all == ()


def test_what_did_not_finish_is_left_out_and_named(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    trash.delete(workspace, three[2])
    states = {3: RunState.FAILED, 4: RunState.STOPPED, 5: RunState.RUNNING, 6: RunState.QUEUED}
    for seed, state in states.items():
        add(workspace, make_spec(seed=seed), None, state)
    broken = add(workspace, make_spec(seed=8))
    Store(workspace).folder(broken).result_file.write_text("{")
    repeats = found(workspace, make_spec())
    assert repeats.seeds == (0, 1)
    words = {repeat.seed: repeat.left_out for repeat in repeats.left_out}
    assert words == {
        2: "is in the trash",
        3: "failed",
        4: "was stopped",
        5: "is running",
        6: "is waiting",
        8: "has no readable result",
    }
    assert "seed 2 is in the trash, seed 3 failed" in repeats.note()
    assert [repeat.seed for repeat in repeats.live] == [5, 6]


def test_a_seed_counts_once_and_the_run_in_question_goes_first(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    again = add(workspace, make_spec(seed=1), 0.4)
    assert dict(zip(GAPS, found(workspace, make_spec()).used, strict=True))[1].run == again, "the newest"
    repeats = found(workspace, make_spec(), first=three[1])
    assert repeats.used[1].run == three[1]
    assert [(one.run, one.left_out) for one in repeats.left_out] == [(again, "was run twice")]


def test_a_failed_attempt_is_not_mentioned_once_its_seed_is_done(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    add(workspace, make_spec(seed=1), None, RunState.FAILED)
    trash.delete(workspace, add(workspace, make_spec(seed=1)))
    assert found(workspace, make_spec()).left_out == ()


def test_an_imported_run_counts(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str], tmp_path: object
) -> None:
    packed = workspace.root / "run.zip"
    archive.export_run(workspace, three[2], packed)
    trash.delete(workspace, three[2])
    imported = archive.import_run(workspace, packed)
    assert {one.seed: one.run for one in found(workspace, make_spec()).used} == {**three, 2: imported}


def test_a_run_whose_specification_is_gone_is_no_repeat(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    lost = add(workspace, make_spec(seed=9))
    Store(workspace).folder(lost).spec_file.write_text("{}")
    assert found(workspace, make_spec()).seeds == (0, 1, 2)


def test_the_document_has_every_seed_and_the_interval(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    add(workspace, make_spec(seed=3), None, RunState.FAILED)
    made = repeats_document(found(workspace, make_spec()))
    assert made["seeds"] == {str(seed): run for seed, run in three.items()}
    assert [(one["seed"], one["why"]) for one in made["left_out"]] == [(3, "failed")]
    gap = made["arms"]["vanilla"]["deo_mean"]
    # mean 0.13, s = 0.0360555, t(2) = 4.3026527, s / √3 = 0.0208167
    assert (gap["mean"], gap["std"], gap["seeds"]) == (0.13, 0.036056, 3)
    assert gap["ci95"] == [0.040433, 0.219567]
    assert gap["floor"] == {"mean": 0.05, "std": 0.0, "ci95": [None, None], "seeds": 3}
    assert gap["excess"]["mean"] == 0.08
    assert made["differences"] == []


def test_further_architectures_have_results_of_their_own(
    workspace: Workspace, make_spec: MakeSpec, three: dict[int, str]
) -> None:
    results = found(workspace, make_spec()).results("mlp")
    assert {seed: table["mean"].tolist() for seed, table in results.items()} == {
        seed: [1 - gap] for seed, gap in GAPS.items()
    }
    assert all(table.empty for table in found(workspace, make_spec()).results("vgg11").values())


def test_seeds_in_words() -> None:
    assert describe_seeds((4,)) == "seed 4"
    assert describe_seeds((0, 1, 2, 7)) == "seeds 0-2,7"
