from __future__ import annotations

import torch

from fairdd_core.runs.engine.environment import drift, surroundings, take_up

HERE = {"torch": "2.15", "device": "cpu", "processor": "A", "threads": 2}


def test_the_same_surroundings_promise_the_same_bytes() -> None:
    assert drift([]) == drift([HERE]) == drift([HERE, HERE]) == ""
    assert drift([HERE, surroundings("cpu") | {"torch": "2.15", "processor": "A"}]) == ""


def test_every_difference_is_named() -> None:
    assert "torch was 2.15 and then 2.16." in drift([HERE, HERE | {"torch": "2.16"}])
    text = drift([HERE, HERE | {"processor": "B"}, HERE | {"processor": "C", "device": "cuda:0"}])
    assert "the device was cpu and then cuda:0; the processor was A and then B, then C." in text
    assert "no fixed order" in drift([HERE | {"device": "cuda:0"}] * 2)


def test_what_was_never_noted_is_not_held_against_a_run() -> None:
    assert drift([{"torch": "2.15"}, HERE]) == ""
    assert drift([{}, HERE]) == ""


def test_a_run_goes_on_with_the_threads_it_began_with() -> None:
    before = torch.get_num_threads()
    try:
        other = before + 1
        assert take_up("cpu", [HERE | {"threads": other}, HERE]) == surroundings("cpu") | {"threads": other}
        assert torch.get_num_threads() == other
        for nonsense in (0, -3, "4", 10**9, None):
            assert take_up("cpu", [HERE | {"threads": nonsense}])["threads"] == other
        assert take_up("cpu", [])["threads"] == other
    finally:
        torch.set_num_threads(before)


def test_surroundings_say_what_decides_the_bytes() -> None:
    found = surroundings("cuda:0")
    assert torch.__version__.startswith(found["torch"])
    assert found["processor"]
    assert found["device"] == "cuda:0"
