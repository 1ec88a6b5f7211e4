"""The command line as a user meets it: documents, exit codes, and the same bytes twice."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.__main__ import main, parser
from fairdd_core.cli.run import spec_from_args
from fairdd_core.config.presets import preset_named
from fairdd_core.config.settings import SETTINGS
from fairdd_core.config.spec.data import DataSpec
from fairdd_core.config.spec.embedding import EmbeddingSpec
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.runs.storage.folder import RunFolder
from tests.helpers import tiny_distill, tiny_evaluation


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a specification file of a run of a few seconds, in a workspace of its own."""
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    spec = RunSpec(
        data=DataSpec(groups=2),
        distill=tiny_distill(),
        evaluation=tiny_evaluation(baseline_networks=1),
        embedding=EmbeddingSpec(umap=False),
        device="cpu",
    )
    path = tmp_path / "spec.json"
    path.write_text(spec.model_dump_json())
    return path


def test_run_prints_the_document_and_the_same_bytes_twice(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = []
    for name, seed in (("one", 5), ("same", 5), ("other", 6)):
        out = tmp_path / name
        arguments = ["run", "--spec", str(tiny), "--seed", str(seed), "--out", str(out), "--json"]
        assert main([*arguments, "--fresh"]) == 0
        folders.append(RunFolder(out))
    printed = capsys.readouterr().out
    document = json.loads(printed[: printed.index("\n}\n") + 2])
    expected = {"run", "spec", "device", "seconds", "attempts", "test", "arms", "data", "training"}
    assert set(document) == expected
    assert len(document["data"]) == 64
    assert list(document["training"]) == ["full-data"]
    groups = document["spec"]["data"]["groups"]
    assert document["test"] == {"images": 500 * groups, "pictures": 500, "crossed": True}
    assert set(document["seconds"]) == {"distill", "evaluate", "embed", "total"}
    assert list(document["arms"]) == ["vanilla", "cobra", "random-subset", "full-data"]
    assert RunSpec.model_validate(document["spec"]).seed == 5
    for numbers in document["arms"].values():
        assert set(numbers["accuracy"]) == {"mean", "std", "ci95"}
        assert set(numbers["deo_max"]) == {"mean", "std", "ci95", "floor"}
        assert set(numbers["deo_mean"]) == {"mean", "std", "ci95", "floor"}
        assert 0 <= numbers["worst_group_accuracy"]["mean"] <= numbers["accuracy"]["mean"]
    one, same, other = folders
    assert one.synthetic_file.read_bytes() == same.synthetic_file.read_bytes()
    assert one.counts_file.read_bytes() == same.counts_file.read_bytes()
    assert one.synthetic_file.read_bytes() != other.synthetic_file.read_bytes()
    assert any((one.counts()[arm] != other.counts()[arm]).any() for arm in one.counts())
    assert np.isfinite(one.synthetic()["cobra/x"]).all()


def test_an_arm_may_name_its_distance(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arms, out, packed = ["vanilla", "cobra", "cobra:smallest-ball"], tmp_path / "out", tmp_path / "run.zip"
    assert main(["run", "--spec", str(tiny), "--arms", ",".join(arms), "--out", str(out)]) == 0
    assert re.search(r"^cobra:smallest-ball +\d", capsys.readouterr().out, re.MULTILINE)
    folder = RunFolder(out)
    assert [arm.name for arm in folder.spec().distill.arms] == arms
    assert set(folder.synthetic()) == {f"{arm}/{part}" for arm in arms for part in "xy"}
    points = folder.points()
    assert points is not None
    assert {*arms} <= set(points["arm"])
    (run,) = (tmp_path / "home" / "runs").iterdir()
    assert main(["export", run.name, str(packed)]) == 0
    assert main(["import", str(packed)]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--skew", "1.2"], ["data.skew", "0.99", "1.2"]),
        (["--skew", "0.05"], ["data.skew", "1/10", "0.05"]),
        (["--dataset", "mnits"], ["data.dataset", "colored-mnist-fg", "mnits"]),
        (["--arms", "vanilla,corba"], ["arms", "cobra", "corba"]),
        (["--arms", ""], ["distill.arms"]),
        (["--arms", "cobra,cobra:squared-l2"], ["different names"]),
        (["--arms", "cobra:cosin"], ["distill.arms.discrepancy", "cosine", "'cosin'"]),
        (["--arms", "cobra:"], ["distill.arms.discrepancy", "cosine", "''"]),
        (["--arms", "vanilla:l1"], ["vanilla, which has no barycenter", "'l1'", "cobra:l1"]),
        (["--preset", "fast"], ["preset", "quick", "fast"]),
        (["--groups", "11"], ["data.groups", "10", "11"]),
        (["--ipc", "0"], ["distill.ipc", "1", "0"]),
        (["--device", "gpu"], ["device", "gpu"]),
        (["--device", "cuda:7"], ["device", "cuda:7"]),
        (["--backbone", "mtt2"], ["backbone", "dm", "mtt2"]),
        (["--arms", "cobra,cobra"], ["distill.arms", "different names", "cobra, cobra"]),
        (["--eval-network", "convnet,alexnt"], ["evaluation.others", "alexnet", "'alexnt'"]),
        (["--eval-network", ""], ["evaluation.network.name", "vgg11", "''"]),
        (["--eval-network", "mlp,mlp"], ["evaluation.others", "architectures that differ", "mlp, mlp"]),
        (["--label-noise", "0.6"], ["data.label_noise", "0.5", "0.6"]),
        (["--known-share", "0"], ["data.known_share", "0.05", "0"]),
        (["--out", "/dev/null"], ["out", "folder", "/dev/null"]),
        (["--lr", "inf"], ["distill.lr", "inf"]),
        (["--set", "distill.momentum=1"], ["distill.momentum", "less than 1", "'1'"]),
        (["--set", "distill.speed=1"], ["set", "'distill.speed=1'", "list settings"]),
        (["--set", "seed"], ["seed", "integer", "''"]),
        (["--arms", "[1"], ["distill.arms", "JSON", "'[1'"]),
        (["--arms", "co!bra"], ["distill.arms", "cobra", "'co!bra'"]),
        (["--iterations", "many"], ["distill.iterations", "integer", "'many'"]),
        (["--spec", "/nowhere/spec.json"], ["spec", "/nowhere/spec.json"]),
    ],
)
def test_bad_arguments_name_the_field_the_rule_and_the_value(
    arguments: list[str],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path))
    assert main(["run", *arguments]) == 2
    message = capsys.readouterr().err
    assert all(word in message for word in words), message
    assert "Traceback" not in message


def test_a_run_that_cannot_work_fails_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRDD_DATA", str(tmp_path / "data"))
    assert main(["run", "--dataset", "colored-mnist-fg", "--device", "cpu"]) == 1
    message = capsys.readouterr().err
    assert "MNIST/raw" in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "kind",
    [
        "datasets",
        "backbones",
        "alignments",
        "discrepancies",
        "interventions",
        "networks",
        "presets",
        "settings",
    ],
)
def test_list_describes_every_name(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind, "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described
    assert all(len(text) > 10 for text in described.values())
    assert main(["list", kind]) == 0
    assert all(name in capsys.readouterr().out for name in list(described)[:1])


def test_list_describes_a_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "settings", "distill.schedule.pairs"]) == 0
    text = capsys.readouterr().out
    for part in ("Target bank", "1 to 5000", "default 50", "--set distill.schedule.pairs=…"):
        assert part in text
    assert main(["list", "settings", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(SETTINGS)


def test_any_setting_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path))
    words = ["run", "--set", "distill.momentum=0.9", "--set", "embedding.umap=false", "--skew", "0.5"]
    spec = spec_from_args(parser().parse_args(words))
    assert (spec.distill.momentum, spec.embedding.umap, spec.data.skew) == (0.9, False, 0.5)


def test_list_knows_every_distance_that_a_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "discrepancies", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"squared-l2", "smallest-ball", "wasserstein", "sinkhorn", "bures"} <= set(listed)


def test_list_knows_every_preset_by_a_name_that_a_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "presets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"quick", "controlled-mtt", "published-dc"} <= set(listed)
    for name in listed:
        assert preset_named(name).distill.backbone == (name.rpartition("-")[2] if "-" in name else "dm")


def test_list_shows_a_data_sets_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIRDD_DATA", str(tmp_path))
    assert main(["list", "datasets", "celeba"]) == 0
    text = capsys.readouterr().out
    for words in ("Licence", "Limits", "Wavy_Hair", "00d2c5bc6d35e252742224ab0c1e8fcb", "missing", "gdown"):
        assert words in text
    assert str(tmp_path / "celeba" / "list_attr_celeba.txt") in text
    assert main(["list", "datasets", "celeba", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["Classes"] == "2: not attractive, attractive"
    assert main(["list", "networks", "convnet"]) == 0
    assert capsys.readouterr().out.startswith("convnet ")
    assert main(["list", "datasets", "celebs"]) == 2
    assert "celeba" in capsys.readouterr().err
