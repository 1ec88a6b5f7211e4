from __future__ import annotations

import torch

from fairdd_core.runs.engine.environment import describe_drift, describe_environment, restore_environment

HERE = {"torch": "2.15", "device": "cpu", "processor": "A", "threads": 2}


def test_the_same_environment_gives_the_same_bytes() -> None:
    assert describe_drift([]) == describe_drift([HERE]) == describe_drift([HERE, HERE]) == ""
    assert describe_drift([HERE, describe_environment("cpu") | {"torch": "2.15", "processor": "A"}]) == ""


def test_every_change_is_named() -> None:
    assert "torch was 2.15 and then 2.16." in describe_drift([HERE, HERE | {"torch": "2.16"}])
    text = describe_drift([HERE, HERE | {"processor": "B"}, HERE | {"processor": "C", "device": "cuda:0"}])
    assert "the device was cpu and then cuda:0; the processor was A and then B, then C." in text
    assert "no fixed order" in describe_drift([HERE | {"device": "cuda:0"}] * 2)


def test_an_environment_that_was_not_recorded_counts_as_unchanged() -> None:
    assert describe_drift([{"torch": "2.15"}, HERE]) == ""
    assert describe_drift([{}, HERE]) == ""


def test_a_resumed_run_uses_its_first_number_of_threads() -> None:
    before = torch.get_num_threads()
    try:
        other = before + 1
        assert restore_environment("cpu", [HERE | {"threads": other}, HERE]) == describe_environment(
            "cpu"
        ) | {"threads": other}
        assert torch.get_num_threads() == other
        for nonsense in (0, -3, "4", 10**9, None):
            assert restore_environment("cpu", [HERE | {"threads": nonsense}])["threads"] == other
        assert restore_environment("cpu", [])["threads"] == other
    finally:
        torch.set_num_threads(before)


def test_the_environment_holds_what_decides_the_bytes() -> None:
    found = describe_environment("cuda:0")
    assert torch.__version__.startswith(found["torch"])
    assert found["processor"]
    assert found["device"] == "cuda:0"
