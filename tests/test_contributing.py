"""The recipes of CONTRIBUTING.md are executed, with the contract tests that they name."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fairdd_core.analysis import metrics
from fairdd_core.config import recipes
from fairdd_core.data import registry as data
from fairdd_core.distill.alignments.registry import ALL_DISCREPANCIES
from fairdd_core.distill.backbones import registry as backbones
from fairdd_core.distill.discrepancies import registry as discrepancies
from tests.analysis import test_metrics
from tests.config import test_adapt
from tests.data.benchmarks import test_benchmarks
from tests.data.bias import test_separation
from tests.distill import test_backbones, test_discrepancies, test_loop
from tests.helpers import ROOT

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / ".github" / "CONTRIBUTING.md").read_text(), re.DOTALL)


def block_with(text: str) -> str:
    """Return the only block of code that contains ``text``."""
    (block,) = [block for block in BLOCKS if text in block]
    return block


def write(text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module that the block of a file makes, importable under the name in its first line."""
    source = block_with(text)
    (path,) = re.findall(r"^# (fairdd_core/\S+)\.py$", source, re.MULTILINE)
    assert not (ROOT / f"{path}.py").exists()
    module = ModuleType(path.replace("/", "."))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, path, "exec"), module.__dict__)
    return module


def register(
    text: str, known: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch, **more: object
) -> dict[str, Any]:
    """Execute the block of an entry in a module; return the entries that it adds to the registry ``name``."""
    entries: dict[str, Any] = {}
    exec(compile(block_with(text), known.__name__, "exec"), {**vars(known), name: entries, **more})
    for key, entry in entries.items():
        monkeypatch.setitem(vars(known)[name], key, entry)
    return entries


def test_a_backbone_is_one_file_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    write("class MeanImage(Backbone)", monkeypatch)
    assert list(register('BACKBONES["mean-image"]', backbones, "BACKBONES", monkeypatch)) == ["mean-image"]
    assert list(register('SHORT["mean-image"]', recipes, "SHORT", monkeypatch)) == ["mean-image"]
    test_backbones.test_a_card_says_what_its_backbone_is("mean-image")
    test_backbones.test_a_set_without_images_has_signal_zero("mean-image")
    test_backbones.test_mixtures_of_linear_signals_are_one_weighted_pass("mean-image")
    for alignment, discrepancy in test_loop.METHODS:
        test_loop.test_contract_of_every_method(alignment, discrepancy, "mean-image")


def test_a_discrepancy_is_one_file_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    write("class MeanAbsolute", monkeypatch)
    added = register('DISCREPANCIES["mean-absolute"]', discrepancies, "DISCREPANCIES", monkeypatch)
    ((name, card),) = added.items()
    monkeypatch.setitem(ALL_DISCREPANCIES, name, card)
    test_discrepancies.test_two_groups_meet_halfway(name)
    test_discrepancies.test_zero_signals_have_a_barycenter(name)
    test_discrepancies.test_no_other_point_is_better(name)
    test_discrepancies.test_order_and_absent_groups_do_not_matter(name)
    test_discrepancies.test_distances_broadcast_and_are_zero_where_signals_agree(name)
    test_discrepancies.test_gradients_agree_with_differences(name)
    test_loop.test_contract_of_every_method("cobra", name, "dm")


def test_a_metric_is_one_function_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    ((name, metric),) = register("def class_recalls", metrics, "METRICS", monkeypatch).items()
    assert metric.of(test_metrics.HAND) == pytest.approx((12 / 20 + 18 / 20) / 2)
    test_metrics.test_every_metric_is_a_rate_and_blind_to_the_order_of_groups(name)


def test_a_data_set_is_one_file_and_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shapes = write('"colored-shapes"', monkeypatch)
    names = list(register("DATASETS.update", data, "DATASETS", monkeypatch, shapes=shapes))
    assert names == ["colored-shapes-fg", "colored-shapes-bg"]
    for name in names:
        test_benchmarks.test_every_card_says_what_one_should_know(name)
        test_separation.test_without_separation_groups_look_alike(name)
        train = data.load(test_benchmarks.default_spec(name), 0, Path()).train
        assert train.x_NCHW.shape == (400, 3, 16, 16)
        test_adapt.test_every_preset_fits_every_data_set("quick", name, tmp_path)
        assert train.counts_CG().sum(axis=1).tolist() == [200, 200]


def test_a_screen_is_one_file_and_one_entry() -> None:
    app = AppTest.from_string(block_with("# pages/metrics.py")).run()
    assert not app.exception
    assert app.title[0].value == "Metrics"
    assert len(app.table[0].value) == len(metrics.METRICS)
    call = ast.parse(block_with('st.Page("metrics.py"')).body[0]
    assert ast.unparse(call).startswith("st.Page('metrics.py', title='Metrics'")
