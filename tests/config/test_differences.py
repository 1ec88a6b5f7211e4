"""What differs between specifications, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fairdd_core.config.differences import ABSENT, differing, same_test
from fairdd_core.config.presets import arms_named, quick, standard
from fairdd_core.config.settings import SETTINGS, title_of_field

leaves = st.one_of(st.none(), st.integers(0, 3), st.lists(st.integers(0, 2), max_size=2))
documents = st.dictionaries(
    st.sampled_from("abc"),
    st.one_of(leaves, st.dictionaries(st.sampled_from("de"), leaves, max_size=2)),
    max_size=3,
)


def changed(**parts: Any) -> dict[str, Any]:
    document = quick().model_dump(mode="json")
    for name, value in parts.items():
        document[name] = document[name] | value if isinstance(value, dict) else value
    return document


def test_only_what_differs_by_hand() -> None:
    fields = differing([changed(), changed(data={"skew": 0.5}, seed=3), changed(data={"skew": 0.9})])
    assert fields == {"data.skew": [0.9, 0.5, 0.9], "seed": [0, 3, 0]}


def test_methods_are_one_field() -> None:
    arms = [arm.model_dump() for arm in arms_named("vanilla", "fairdd")]
    fields = differing([changed(), changed(distill={"arms": arms})])
    assert list(fields) == ["distill.arms"]
    assert [arm["name"] for arm in fields["distill.arms"][1]] == ["vanilla", "fairdd"]


def test_fields_that_one_does_not_have() -> None:
    assert differing([{"a": {"b": 1}}, {"a": {}, "c": 2}]) == {
        "a.b": [1, ABSENT],
        "a": [ABSENT, {}],
        "c": [ABSENT, 2],
    }


@given(st.lists(documents, min_size=1, max_size=4))
def test_nothing_differs_from_itself_and_order_does_not_matter(several: list[dict]) -> None:
    assert differing([several[0]] * 3) == {}
    forth, back = differing(several), differing(several[::-1])
    assert {path: values[::-1] for path, values in forth.items()} == back
    for values in forth.values():
        assert len(values) == len(several)
        assert any(value != values[0] for value in values)


def test_every_field_has_a_name() -> None:
    assert title_of_field("data.skew") == "Skew"
    assert title_of_field("evaluation.network.width") == "Test network: width"
    assert title_of_field("evaluation.weight_loss") == "Evaluation: weight loss", "a field of another version"
    titles = [setting.title for setting in SETTINGS.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert differing([quick().model_dump(mode="json"), standard().model_dump(mode="json")]).keys() >= {
        "data.dataset",
        "distill.iterations",
    }


def test_pairs_need_the_same_test_images_and_the_same_networks() -> None:
    assert same_test(changed(), changed(data={"skew": 0.5}, distill={"iterations": 5}, preset="custom"))
    for other in (
        changed(seed=1),
        changed(data={"separation": 0.5}),
        changed(data={"groups": 5}),
        changed(evaluation={"network": {"name": "convnet", "width": 16, "depth": 2}}),
    ):
        assert not same_test(changed(), other)
