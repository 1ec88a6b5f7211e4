"""Steps 4 and 5: what alignment changes, and why balance alone is not enough."""

from __future__ import annotations

import streamlit as st

from fairdd_core.plots.dots import case_dots
from pages.ui.common.figures import folded, numbers, show
from pages.ui.learn import balance as learn_balance
from pages.ui.learn import narrative as learn_say
from pages.ui.learn.bias_steps import image_grid, recalls
from pages.ui.learn.facts import Facts, facts
from pages.ui.learn.steps import Step, source, studio_link


def _align_story() -> None:
    st.markdown(
        "Only the target changes now. Instead of the plain average, **COBRA** aims at the **barycenter** of "
        "the colours: first the mean of each colour, then the point nearest to all of them, a colour with "
        "two images counting as much as one with a hundred. Data, starting images, networks and tests stay "
        "the same."
    )


def _align_question() -> str:
    before = facts("skewed").metric("accuracy", "vanilla")
    return f"Vanilla's accuracy over all test images was {before:.0%}. What does alignment do to it?"


def _align_reveal() -> None:
    f = facts("skewed")
    st.markdown(learn_say.aligned(f))
    for draw in (image_grid, lambda f, arm: recalls(f, arm, key=f"lesson-align-{arm}")):
        for column, arm in zip(st.columns(2, gap="large"), ("vanilla", "cobra"), strict=True):
            with column:
                draw(f, arm)
    st.markdown(learn_say.price(f))
    studio_link(f, "fairness", "Open both methods in the Studio")
    source(f)
    _other_methods()


def _other_methods() -> None:
    """Say honestly when COBRA is not alone."""
    f = facts("methods")
    st.markdown("### Is it COBRA alone that does this?")
    left, right = st.columns([1.1, 1], gap="large")
    with left:
        st.markdown(learn_say.coincide_fairdd(f))
        st.markdown(learn_say.coincide_uniform(f))
    with right:
        numbers(learn_say.methods_table(f), key="lesson-methods", percent=("accuracy", "DEO_A"))
        st.markdown(
            "When groups are **balanced**, vanilla joins them. Under another **distance** the barycenter is "
            "no mean at all: in the playground, pick ℓ2 or the smallest ball and move one group out."
        )
        studio_link(f, "images", "Open the three methods in the Studio")
        source(f)


def _balance_story() -> None:
    f = facts("balanced")
    n_CG = f.sizes_CG()
    st.markdown(
        "One could do without COBRA and collect better data: as many images of every colour. In the next run "
        f"the skew is **{f.view.spec.data.skew:.0%}**: each of the {n_CG.shape[1]} colours has "
        f"{n_CG.min()} to {n_CG.max()} images of a digit. They look as different as before."
    )


def _balance_question() -> str:
    f = facts("skewed")
    return (
        f"Imbalanced, vanilla had a mean gap of {learn_say.points(f.metric('deo_mean', 'vanilla'))} points "
        f"and a largest residual of {f.worst_residual('vanilla'):.2f}. What is left when the colours are "
        "balanced?"
    )


def _runs() -> dict[str, Facts]:
    return {name: facts(name) for name in learn_say.CONDITIONS}


def _balance_reveal() -> None:
    runs = _runs()
    table = learn_say.conditions_table(runs)
    left, right = st.columns(2, gap="large")
    with left:
        show(
            case_dots(table, "residual", "largest residual"),
            None,
            key="lesson-residuals",
            alt="Largest residual of vanilla and COBRA with and without imbalance and separation.",
        )
    with right:
        show(
            case_dots(table, "gap", "mean gap (DEO_A)", percent=True),
            None,
            key="lesson-gaps",
            alt="Mean gap of vanilla and COBRA in the same four cases, with 95 % intervals.",
        )
    shares = ("gap", "low", "high", "accuracy")
    folded("conditions", lambda: numbers(table, key="lesson-conditions", percent=shares))
    st.caption(
        "Largest residual: how far the colour that is served worst is from the synthetic images, in mean "
        "lengths of the colours' signals. The rows of both figures are the same four runs, each made once, "
        "with one seed: the intervals are those of other test images, not of other runs."
    )
    first, second = st.columns(2, gap="large")
    with first:
        st.markdown(learn_balance.same_aim(runs["balanced"]))
        st.markdown(learn_balance.what_is_left(runs))
    with second:
        st.markdown(learn_balance.without_separation(runs["alike"]))
        st.markdown(learn_balance.other_middles(runs["balanced"]))
    with st.container(horizontal=True):
        studio_link(runs["balanced"], "fairness", "Open the balanced run in the Studio")
        studio_link(runs["alike"], "fairness", "Open the run without separation")
    source(*runs.values())


STEPS = {
    4: Step(
        "Align",
        _align_story,
        _align_question,
        "Every method is tested on the same images.",
        lambda: learn_say.outcome_of_alignment(facts("skewed")),
        _align_reveal,
        choices={
            "falls": "It falls: fairness has its price",
            "stays": "It stays about the same",
            "rises": "It rises",
        },
    ),
    5: Step(
        "Balanced, but still separated",
        _balance_story,
        _balance_question,
        "Four runs will show it, with and without imbalance, with and without separation.",
        lambda: learn_say.outcome_of_balance(_runs()),
        _balance_reveal,
        choices={
            "nothing": "Nothing: balance solves it",
            "residuals": "Less of both, but neither goes away",
            "everything": "All of it: balance changes nothing",
        },
    ),
}
