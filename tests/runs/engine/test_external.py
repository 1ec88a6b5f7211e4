"""A set that was made elsewhere is tested like the others, through the real pipeline and all files."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.config.checks import check_names
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.distilled.contents import Target
from fairdd_core.data.distilled.read import DistilledSet, Reading, read_distilled
from fairdd_core.errors import UserError
from fairdd_core.files import write_arrays
from fairdd_core.runs.engine.execute import load_progress
from fairdd_core.runs.engine.pipeline import run_pipeline
from fairdd_core.runs.engine.recorder import record
from fairdd_core.runs.engine.warm_worker import tiny_spec
from fairdd_core.runs.storage import external
from fairdd_core.runs.storage.archive import export_run, import_run
from fairdd_core.runs.storage.class_order import order_doubts, seen_classes
from fairdd_core.runs.storage.folder import RunFolder
from fairdd_core.runs.storage.grids import as_grid
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.summary import summarise
from fairdd_core.runs.storage.validation import validate_run
from fairdd_core.workspace import Workspace

PER_CLASS = np.array([1, 2, 3, 1, 1, 2, 1, 1, 1, 1])


def made_set(seed: int = 0, side: int = 16) -> DistilledSet:
    y_N = np.repeat(np.arange(10), PER_CLASS)
    x_NCHW = np.random.default_rng(seed).random((len(y_N), 3, side, side)).astype(np.float32)
    return DistilledSet(x_NCHW, y_N, "theirs.pt", "2", ("A sentence.",))


def spec_with(*sets: DistilledSet, own: bool = True) -> RunSpec:
    tiny = tiny_spec()
    arms = (tiny.distill.arms if own else ()) + external.external_arms(("", one) for one in sets)
    return changed(
        tiny, {"distill.arms": arms, "embedding.umap": False, "distill.snapshots": 3, "distill.iterations": 4}
    )


def worked(workspace: Workspace, spec: RunSpec) -> RunFolder:
    check_names(spec)
    store = Store(workspace)
    folder = store.folder(store.create(spec))
    record(run_pipeline(spec, workspace.data, load_progress(folder)), folder)
    folder.write_result(summarise(folder, folder.path.name, "a processor"))
    store.update(folder.path.name, state=RunState.DONE)
    return folder


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module")
def run(workspace: Workspace) -> RunFolder:
    external.keep(workspace, made_set())
    return worked(workspace, spec_with(made_set()))


def test_it_is_an_arm_with_results_maps_and_images(run: RunFolder) -> None:
    spec = run.spec()
    own, theirs = (arm.name for arm in (spec.distill.arms[0], spec.distill.arms[-1]))
    assert theirs == "external theirs 2"
    result = run.result() or {}
    assert {own, theirs} <= set(result["arms"])
    about = result["external"][theirs]
    assert (about["source"], about["images"]) == ("theirs.pt", 14)
    assert about["digest"] == spec.distill.arms[-1].digest == made_set().digest
    points, residuals = run.points(), run.residuals()
    assert points is not None
    assert residuals is not None
    kinds = points[points["arm"] == theirs].groupby("kind").size()
    assert kinds.to_dict() == {"class_mean": 10, "synthetic": 14}
    assert residuals[residuals["arm"] == theirs]["to_target"].isna().all()
    assert residuals[residuals["arm"] == theirs]["to_synthetic"].notna().all()
    assert len(run.nearest()[theirs].real_MGR) == 14
    moments = run.moments()
    assert moments is not None
    of_theirs = moments[(moments["arm"] == theirs) & (moments["kind"] == "synthetic")]
    assert of_theirs.groupby("iteration").size().eq(14).all()
    assert set(of_theirs["iteration"]) == set(run.snapshot_iterations())


def test_its_images_are_shown_at_every_iteration_with_gaps_where_there_are_none(run: RunFolder) -> None:
    for iteration in run.snapshot_iterations():
        grid = run.snapshot(iteration)["external theirs 2"]
        assert grid.shape == (10, 3, 3, 16, 16)
        present_CI = ~np.ma.getmaskarray(grid).any(axis=(2, 3, 4))
        assert np.array_equal(present_CI.sum(axis=1), PER_CLASS)
        assert "external theirs 2" not in run.snapshot(iteration, external=False)
    assert np.array_equal(np.ma.getdata(grid)[present_CI], np.rint(made_set().x_NCHW * 255))


def test_the_images_of_a_run_can_be_judged_as_they_are_stored(run: RunFolder) -> None:
    own = run.spec().distill.arms[0].name
    target = Target(tuple(map(str, range(10))), 16)
    (one,) = read_distilled(run.synthetic_file, target, Reading(experiment=own))
    images, labels_N = run.pictures()[own]
    assert any("the file states" in text for text in one.statements)
    assert one.y_N.tolist() == labels_N.tolist()
    assert np.abs(np.clip(one.x_NCHW, 0, 1) * 255 - images).max() < 0.51


def test_an_exported_run_is_complete_and_gives_its_sets_to_the_other_workspace(
    run: RunFolder, workspace: Workspace, tmp_path: Path
) -> None:
    validate_run(run)
    archive = io.BytesIO()
    export_run(workspace, run.path.name, archive)
    other = Workspace(tmp_path / "other")
    imported = Store(other).folder(import_run(other, archive))
    assert imported.result() == run.result()
    kept = external.recall(other, made_set().digest)
    assert (kept.digest, kept.source, kept.statements) == (made_set().digest, "theirs.pt", ("A sentence.",))
    Store(other).create(run.spec())  # the same settings can be run there


@pytest.mark.parametrize("change", ["content", "extra", "order"])
def test_a_run_with_another_set_than_it_names_is_not_imported(
    run: RunFolder, tmp_path: Path, change: str
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create(run.spec())
    (name, (x_NCHW, y_N)) = next(iter(run.external().items()))
    if change == "content":
        arrays = {f"{name}/x": x_NCHW * 0.5, f"{name}/y": y_N}
    elif change == "order":
        arrays = {f"{name}/x": x_NCHW[::-1].copy(), f"{name}/y": y_N[::-1].copy()}
    else:
        arrays = {f"{n}/{k}": a for n in (name, "external b") for k, a in (("x", x_NCHW), ("y", y_N))}
    write_arrays(folder.external_file, arrays)
    with pytest.raises(UserError, match=r"external\.safetensors"):
        validate_run(folder)


def test_a_run_may_have_external_sets_only(workspace: Workspace) -> None:
    for seed in (1, 2):
        external.keep(workspace, made_set(seed))
    folder = worked(workspace, spec_with(made_set(1), made_set(2), own=False))
    validate_run(folder)
    assert folder.spec().distill.distilled == ()
    assert folder.snapshot_iterations() == [4]
    assert sorted(folder.snapshot(4)) == ["external theirs 2", "external theirs 2 2"]
    assert folder.steps().empty


def test_the_same_images_give_the_same_results_wherever_they_were_made(
    run: RunFolder, workspace: Workspace
) -> None:
    own = run.spec().distill.arms[0].name
    x_NCHW, y_N = (run.synthetic()[f"{own}/{part}"] for part in "xy")
    loaded = next(event for event in run.events()[0] if event["event"] == "loaded")
    mean_C, std_C = (np.array(loaded[name], np.float32)[:, None, None] for name in ("mean", "std"))
    copied = DistilledSet(x_NCHW * std_C + mean_C, y_N, "copy.npz")
    external.keep(workspace, copied)
    again = worked(workspace, spec_with(copied, own=False))
    first, second = run.counts()[own], again.counts()["external copy"]
    differing = np.abs(first - second).sum() / 2 / first.sum()
    assert differing < 0.02  # rounding in the sixth digit turns few answers


def test_a_set_that_is_unknown_or_does_not_fit_is_refused(workspace: Workspace) -> None:
    absent = spec_with(made_set(7))
    with pytest.raises(UserError, match="that the workspace has"):
        Store(workspace).create(absent)
    assert all(absent.distill.arms != run.spec().distill.arms for run in _folders(workspace))
    large = made_set(side=32)
    external.keep(workspace, large)
    with pytest.raises(UserError, match="16×16 pixels"):
        worked(workspace, spec_with(large))


def _folders(workspace: Workspace) -> list[RunFolder]:
    return [Store(workspace).folder(record.id) for record in Store(workspace).list()]


def test_mosaics_and_external_sets_exclude_each_other() -> None:
    mosaic = changed(spec_with(made_set()), {"distill.factor": 2})
    with pytest.raises(UserError, match="no mosaics"):
        check_names(mosaic)


@pytest.mark.parametrize(
    "change",
    [{"digest": ""}, {"name": "theirs"}, {"alignment": "cobra"}, {"warm_steps": 3}, {"digest": "../x"}],
)
def test_an_external_arm_says_so_in_its_name_and_has_nothing_else(change: dict[str, object]) -> None:
    arm = spec_with(made_set()).distill.arms[-1]
    with pytest.raises(ValueError, match=r"external|digest|pattern"):
        type(arm)(**{**arm.model_dump(), **change})


def test_names_are_made_of_files_and_differ() -> None:
    one = made_set()
    odd = replace(one, source="../a+b:c\n\u202e.npz", experiment="")
    names = [arm.name for arm in external.external_arms([("", one), ("", one), ("", odd), ("mine", one)])]
    assert names == ["external theirs 2", "external theirs 2 2", "external a-b-c--", "external mine"]


def test_a_grid_of_equally_many_images_is_not_masked() -> None:
    x_NCHW = np.linspace(-0.1, 1.1, 4, dtype=np.float32)[:, None, None, None] * np.ones(
        (1, 3, 2, 2), np.float32
    )
    grid = as_grid(x_NCHW, np.array([0, 0, 1, 1]))
    assert not isinstance(grid, np.ma.MaskedArray)
    assert grid[..., 0, 0, 0].tolist() == [[0, 76], [178, 255]]


def test_a_network_of_the_real_data_looks_at_every_external_set(run: RunFolder) -> None:
    seen = seen_classes(run)
    assert list(seen) == ["external theirs 2"]
    assert seen["external theirs 2"].sum(axis=1).tolist() == PER_CLASS.tolist()


def test_an_exchange_of_classes_is_doubted_and_the_order_is_named() -> None:
    counts_CC = np.diag([5, 5, 5, 5])
    assert order_doubts(counts_CC, "abcd") == []
    swapped = counts_CC[[0, 2, 1, 3]]
    first, second, order = order_doubts(swapped, "abcd")
    assert first.startswith("Class b looks like c ")
    assert "5 of 5 images" in first
    assert second.startswith("Class c looks like b ")
    assert "0,2,1,3" in order
    unclear = np.array([[2, 2, 2], [0, 5, 0], [2, 2, 2]])
    assert order_doubts(unclear, "abc") == []
    one_wrong = np.array([[1, 4, 0], [0, 5, 0], [0, 0, 5]])
    assert len(order_doubts(one_wrong, "abc")) == 1
