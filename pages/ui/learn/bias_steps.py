"""Steps 1 to 3: the bias of the data, what vanilla distillation makes of it, and whom that fails."""

from __future__ import annotations

import streamlit as st

from fairdd_core.analysis.tables import counts_table, recall_table
from fairdd_core.plots import fairness
from fairdd_core.plots.heatmap import counts_heatmap
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import arm_label, arm_styles, group_css
from pages.ui.common.figures import show
from pages.ui.common.html import arm_heading, legend
from pages.ui.learn import narrative as learn_say
from pages.ui.learn.facts import Facts, facts
from pages.ui.learn.steps import Step, source, studio_link


def color_legend(f: Facts) -> None:
    """Draw which patch of colour is which group."""
    palette = group_css(f.labels.colors, len(f.labels.groups))
    st.html(legend([("chip", color, name) for color, name in zip(palette, f.labels.groups, strict=True)]))


def image_grid(f: Facts, arm: str, summary: str = "") -> None:
    """Draw the final images of a method."""
    st.html(arm_heading(arm_styles([arm])[arm], summary))
    x_CIKHW = f.images[arm]
    alt = f"Synthetic images of {arm_label(arm)}: {x_CIKHW.shape[1]} per digit, a row for each digit."
    st.html(grid_html(x_CIKHW, f.labels.classes, alt=alt))


def recalls(f: Facts, arm: str, *, key: str) -> None:
    """Draw the recall of every group in every class."""
    st.html(arm_heading(arm_styles([arm])[arm]))
    table = recall_table({arm: f.counts[arm]}, f.labels.classes, f.labels.groups)
    show(
        fairness.dumbbell(table, f.labels.colors),
        table,
        key=key,
        alt=f"Recall of each colour in each digit, {arm_label(arm)}; a bar spans worst to best.",
        title=f"{arm_label(arm)}: recall of each colour",
        percent=("recall", "low", "high", "gap"),
    )


def _bias_story() -> None:
    f = facts("skewed")
    st.markdown(
        f"The training set shows handwritten digits in {len(f.labels.groups)} colours. Which digit it is "
        "should be learned; the colour should make no difference. But each digit has a colour that most of "
        f"its images wear: the **skew** is {f.view.spec.data.skew:.0%}."
    )
    color_legend(f)


def _bias_question() -> str:
    f = facts("skewed")
    n_G, largest = learn_say.first_class(f)
    return (
        f"Of {n_G.sum()} images of the digit {f.labels.classes[0]}, {n_G[largest]} are "
        f"{f.labels.groups[largest]}. How many are there of each other colour, on average?"
    )


def _bias_reveal() -> None:
    f = facts("skewed")
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        table = counts_table(f.sizes_CG(), f.labels.classes, f.labels.groups)
        show(
            counts_heatmap(table, f.labels.colors),
            table,
            key="lesson-counts",
            alt="Number of training images of every digit in every colour; one colour dominates each digit.",
        )
    with right:
        st.markdown(learn_say.bias(f))
        st.markdown(
            "Nothing is wrong with any single image. The trouble starts when a class is summed up by **one "
            "mean**."
        )
        studio_link(f, "data", "Move skew and separation in the Studio")
        source(f)


def _distil_story() -> None:
    f = facts("skewed")
    ipc = f.view.spec.distill.ipc
    st.markdown(
        f"**Distillation** now replaces all these images by {ipc} synthetic ones per digit. They start as "
        "noise and are changed, step by step, until a network sees in them on average what it sees in the "
        "real images of the digit. **Vanilla** means: the plain average, every image counting the same."
    )


def _distil_question() -> str:
    _, n = learn_say.wearing_largest(facts("skewed"), "vanilla")
    return f"Of the {n} synthetic images, how many will wear the most frequent colour of their digit?"


def _distil_reveal() -> None:
    f = facts("skewed")
    left, right = st.columns(2, gap="large")
    with left:
        image_grid(f, "vanilla")
    with right:
        st.markdown(learn_say.distilled(f))
        st.caption(
            "An image wears the colour whose hue is nearest to its mean colour, bright pixels counting more. "
            "Distances are those of a network's features, not of the plane that you saw in the playground."
        )
        studio_link(f, "images", "Watch the images form in the Studio")
        source(f)


def _gap_story() -> None:
    n = f"{int(facts('skewed').counts['vanilla'][0].sum()):,}".replace(",", "\u202f")
    st.markdown(
        "A network learns from vanilla's images alone. Then it is tested on digits that it has never seen, "
        f"**each of them in every colour** ({n} test images), so that the colours differ in nothing but "
        "colour."
    )


def _gap_question() -> str:
    own, _ = facts("skewed").recalls("vanilla")
    return (
        f"It recognises {own:.0%} of the digits in the most frequent colour of their class. "
        "How many per cent of those in other colours?"
    )


def _gap_reveal() -> None:
    f = facts("skewed")
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        recalls(f, "vanilla", key="lesson-gap")
    with right:
        color_legend(f)
        st.markdown(learn_say.gap(f))
        st.markdown(
            f"**{learn_say.taken_for_color(f, 'vanilla'):.0%}** of the digits in another digit's colour "
            "are taken for that other digit: the network goes by colour."
        )
        st.caption(
            "Each dot is a colour: the share of test images of a digit, in that colour, that are recognised. "
            "The names are the worst and the best colour; +2 means that two more do as badly, or as well."
        )
        studio_link(f, "fairness", "See every fairness figure in the Studio")
        source(f)


STEPS = {
    1: Step(
        "Bias",
        _bias_story,
        _bias_question,
        "Images of one other colour, on average.",
        lambda: round(learn_say.rest_mean(facts("skewed")), 1),
        _bias_reveal,
        unit="images",
    ),
    2: Step(
        "Distil",
        _distil_story,
        _distil_question,
        "If colour played no part, it would be one in ten.",
        lambda: learn_say.wearing_largest(facts("skewed"), "vanilla")[0],
        _distil_reveal,
        unit="images",
    ),
    3: Step(
        "See the gap",
        _gap_story,
        _gap_question,
        "Guessing among ten digits would give 10 %.",
        lambda: round(100 * facts("skewed").recalls("vanilla")[1]),
        _gap_reveal,
        unit="%",
    ),
}
