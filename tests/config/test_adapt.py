"""A preset brought to another data set, and a whole run on faces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fairdd_core.__main__ import main
from fairdd_core.config.adapt import adapt
from fairdd_core.config.checks import check_names
from fairdd_core.config.presets import NO_FLIP, PRESETS, quick
from fairdd_core.config.settings import changed
from fairdd_core.config.spec.data import DSA_STRATEGY
from fairdd_core.config.spec.run import RunSpec
from fairdd_core.data.registry import DATASETS
from fairdd_core.errors import UserError
from fairdd_core.runs.storage.folder import RunFolder
from tests.data.archives import write_utkface


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("name", list(DATASETS))
def test_every_preset_fits_every_data_set(preset: str, name: str, tmp_path: Path) -> None:
    spec, card = adapt(PRESETS[preset](), name), DATASETS[name]
    check_names(spec, tmp_path)
    assert RunSpec.model_validate_json(spec.model_dump_json()) == spec
    for network in (spec.distill.network, spec.evaluation.network):
        assert card.side >> network.depth >= 1
    assert (spec.data.skew is None) == (not card.synthetic_groups)


def test_what_follows_from_faces_and_nothing_else() -> None:
    spec, faces = quick(), adapt(quick(), "utkface")
    assert (faces.data.groups, faces.data.skew, faces.data.separation) == (4, None, 0)
    assert faces.distill.network.depth == faces.evaluation.network.depth == 4, "4×4 maps, as before"
    assert faces.distill.augmentation == faces.evaluation.augmentation == DSA_STRATEGY
    assert adapt(faces, "colored-digits-fg") == spec
    assert adapt(spec, "colored-digits-fg") is spec
    assert spec.distill.augmentation == NO_FLIP
    assert adapt(spec, "utkface", group="race+gender").data.groups == 8
    with pytest.raises(UserError, match=r"data\.label"):
        adapt(spec, "utkface", label="mood")


def test_large_images_start_from_real_ones_unless_that_was_chosen() -> None:
    photographs = adapt(quick(), "cifar10-s").distill
    assert (photographs.init, photographs.iterations) == ("real", 300)
    own = adapt(changed(quick(), {"distill.iterations": 700}), "cifar10-s")
    assert (own.distill.init, own.distill.iterations) == ("real", 700)
    digits = adapt(own, "colored-digits-fg").distill
    assert (digits.init, digits.iterations) == ("noise", 700)
    assert adapt(quick(), "colored-digits-bg").distill == quick().distill


def test_the_protocol_of_the_papers_stays_with_the_data_sets_that_have_it() -> None:
    protocol = {"data.test_groups": "dealt", "data.rendering": "published", "data.test_images": 0}
    spec = changed(adapt(quick(), "colored-mnist-fg"), protocol)
    other, fashion, digits, faces = (
        adapt(spec, name).data
        for name in ("colored-mnist-bg", "colored-fashion-fg", "colored-digits-fg", "utkface")
    )
    assert (other.test_groups, other.rendering, other.test_images) == ("dealt", "published", 0)
    assert (fashion.test_groups, fashion.rendering) == ("dealt", "smooth")
    assert (digits.test_groups, digits.rendering, digits.test_images) == ("crossed", "smooth", 0)
    assert (faces.test_groups, faces.rendering) == ("crossed", "smooth")
    assert faces.test_images == type(spec.data).model_fields["test_images"].default


def test_old_specifications_load_unchanged() -> None:
    document = quick().model_dump(mode="json")
    for name in ("label", "group"):
        del document["data"][name]
    assert RunSpec.model_validate(document) == quick()


def test_a_quick_run_on_faces_keeps_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRDD_DATA", str(tmp_path / "data"))
    write_utkface(tmp_path / "data")
    short = adapt(quick(), "utkface").model_dump(mode="json")
    short["distill"] |= {"iterations": 2, "ipc": 1, "snapshots": 2}
    short["distill"]["schedule"] |= {"pairs": 1, "samples": 2}
    short["distill"]["network"]["width"] = short["evaluation"]["network"]["width"] = 4
    short["evaluation"] |= {"networks": 1, "epochs": 1, "full_data_steps": 1, "bootstrap": 100}
    short["embedding"]["umap"] = False
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(short))
    out = tmp_path / "out"
    assert main(["run", "--spec", str(file), "--device", "cpu", "--out", str(out)]) == 0
    folder = RunFolder(out)
    assert next(iter(folder.counts().values())).shape == (1, 4, 3, 3)
    labels = folder.labels()
    assert labels is not None
    assert labels.classes == ("0–19", "20–39", "40 or older")
    assert labels.groups == ("White", "Black", "Asian", "Indian")
    assert labels.colors == ()
    folder.events_file.write_text('{"t": 0, "event": "loaded", "classes": 3}\n')
    assert folder.labels() is None, "a damaged note is none"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_quick_preset_itself_on_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRDD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRDD_DATA", str(tmp_path / "data"))
    write_utkface(tmp_path / "data", per_cell=36)
    out = tmp_path / "out"
    assert (
        main(["run", "--dataset", "utkface", "--preset", "quick", "--device", "cpu", "--out", str(out)]) == 0
    )
    result = RunFolder(out).result()
    assert result is not None
    assert {"vanilla", "cobra"} <= set(result["arms"])
    assert all(np.isfinite(arm["accuracy"]["mean"]) for arm in result["arms"].values())
