"""The results over seeds in the report and its files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from fairdd_core.analysis.repeats import arm_differences, seed_table
from fairdd_core.analysis.results import results_table
from fairdd_core.data.card import Labels
from fairdd_core.report.document import report
from fairdd_core.report.repeats import report_section, seed_files, sentences
from fairdd_core.runs.storage.index import RunState, Store
from fairdd_core.runs.storage.repeats import Repeats, members, repeats_of
from fairdd_core.workspace import Workspace
from tests.pages.fake_repeats import add_seed, add_unfinished


def repeats(path: Path, *seeds: int) -> tuple[Repeats, str]:
    """Return the repeats of an invented run, and its id."""
    runs = [add_seed(path, seed) for seed in seeds]
    store = Store(Workspace(path))
    return repeats_of(store.folder(runs[0]).spec(), members(store), first=runs[0]), runs[0]


def test_the_report_has_a_section_over_seeds(tmp_path: Path) -> None:
    add_unfinished(tmp_path, 9, RunState.STOPPED)
    found, run = repeats(tmp_path, 0, 1, 2)
    folder = Store(Workspace(tmp_path)).folder(run)
    labels = Labels(tuple(map(str, range(10))), tuple(map(str, range(10))))
    page = report(folder, labels, "mine", repeats=found)
    assert "Over 3 seeds" in page
    assert "seeds 0-2" in page
    assert "seed 9 was stopped" in page
    assert "--seeds 0-2" in page
    assert "mean over 3 seeds" in page
    assert "over seeds" not in report(folder, labels, "mine").lower()


def test_a_run_without_finished_repeats_says_so_or_nothing(tmp_path: Path) -> None:
    found, _ = repeats(tmp_path, 0)
    assert report_section(found) is None
    assert report_section(None) is None
    assert seed_files(found) == {}
    add_unfinished(tmp_path, 1, RunState.FAILED)
    store = Store(Workspace(tmp_path))
    section = report_section(repeats_of(found.spec, members(store)))
    assert section is not None
    assert (section["count"], section["results"], section["figures"]) == (1, {}, [])
    assert section["note"] == "Not counted: seed 1 failed."


def test_files_have_every_seed_and_every_pair(tmp_path: Path) -> None:
    found, _ = repeats(tmp_path, 0, 1)
    files = seed_files(found)
    assert set(files) == {"seeds", "over-seeds", "seed-differences"}
    assert set(files["seeds"]["run"]) == {repeat.run for repeat in found.used}
    row = files["seed-differences"].query("metric == 'deo_mean' and quantity == 'mean'").iloc[0]
    assert row["difference"] == pytest.approx((row["seed 0"] + row["seed 1"]) / 2)


def pairs(*gaps: tuple[float, float]) -> pd.DataFrame:
    table = seed_table(
        {
            seed: results_table(
                {"vanilla": {"deo_mean": {"mean": one}}, "cobra": {"deo_mean": {"mean": two}}}
            )
            for seed, (one, two) in enumerate(gaps)
        }
    )
    return arm_differences(table, ["vanilla", "cobra"])


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        (
            ((0.3, 0.1), (0.31, 0.12), (0.29, 0.1)),
            ["**19.3 points lower**", "over 3 seeds", "−20.8 to −17.9"],
        ),
        (((0.3, 0.1), (0.3, 0.5)), ["over 2 seeds", "may be chance"]),
        (((0.3, 0.3), (0.2, 0.2)), ["is **the same** as that of Vanilla", "and so in each"]),
        (((0.3, 0.25), (0.25, 0.2)), ["**5.0 points lower** than", "and so in each"]),
    ],
)
def test_sentences_say_size_interval_and_chance(
    gaps: tuple[tuple[float, float], ...], expected: list[str]
) -> None:
    (sentence,) = sentences(pairs(*gaps), ["deo_mean", "accuracy"])
    assert all(part in sentence for part in expected), sentence
