"""The five steps of the lesson."""

from __future__ import annotations

import streamlit as st

from fairdd_core.analysis.tables import counts_table, recall_table
from fairdd_core.analysis.wording import FLOOR_MARK
from fairdd_core.plots import fairness
from fairdd_core.plots.dots import case_dots
from fairdd_core.plots.heatmap import counts_heatmap
from fairdd_core.plots.images import grid_html
from fairdd_core.plots.theme import arm_label, arm_styles
from pages.ui.common.cache import class_gaps_of
from pages.ui.common.figures import show_figure, show_table, table_expander
from pages.ui.common.html import arm_heading, group_legend
from pages.ui.learn import narrative
from pages.ui.learn.facts import Facts, facts
from pages.ui.learn.steps import Step, source, studio_link


def _image_grid(f: Facts, arm: str) -> None:
    """Draw the final images of a method."""
    st.html(arm_heading(arm_styles([arm])[arm]))
    x_CIKHW = f.images[arm]
    alt = f"Synthetic images of {arm_label(arm)}: {x_CIKHW.shape[1]} per digit, a row for each digit."
    st.html(grid_html(x_CIKHW, f.labels.classes, alt=alt))


def _recalls(f: Facts, arm: str, key: str) -> None:
    """Draw the recall of every group in every class."""
    st.html(arm_heading(arm_styles([arm])[arm]))
    table = recall_table({arm: f.counts[arm]}, f.labels.classes, f.labels.groups)
    gaps = class_gaps_of(f.view.folder.path, "", f.labels.classes)
    show_figure(
        fairness.dumbbell(table, f.labels.colors, gaps=gaps[gaps["arm"] == arm]),
        table,
        key=key,
        alt=f"Recall of each colour in each digit, {arm_label(arm)}; a bar spans worst to best, "
        "and a tick on it shows where chance alone would put the worst.",
        title=f"{arm_label(arm)}: recall of each colour",
        percent=("recall", "low", "high", "gap"),
    )


def _bias_story() -> None:
    f = facts("skewed")
    st.markdown(
        f"The training set shows handwritten digits in {len(f.labels.groups)} colours. A network should "
        "learn the digit; the colour should make no difference. But for each digit, most images have the "
        f"same colour: the **skew** is {f.view.spec.data.skew:.0%}."
    )
    st.html(group_legend(f.labels.groups, f.labels.colors))


def _bias_question() -> str:
    f = facts("skewed")
    n_G, largest = narrative.first_class(f)
    return (
        f"Of {n_G.sum()} images of the digit {f.labels.classes[0]}, {n_G[largest]} are "
        f"{f.labels.groups[largest]}. How many are there of each other colour, on average?"
    )


def _bias_reveal() -> None:
    f = facts("skewed")
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        table = counts_table(f.sizes_CG(), f.labels.classes, f.labels.groups)
        show_figure(
            counts_heatmap(table, f.labels.colors),
            table,
            key="lesson-counts",
            alt="Number of training images of every digit in every colour; one colour dominates each digit.",
        )
    with right:
        st.markdown(narrative.bias(f))
        st.markdown(
            "No single image is wrong. The trouble starts when **one mean** stands for a whole class."
        )
        studio_link(f, "data", "Change skew and separation in the Studio")
        source(f)


def _distil_story() -> None:
    f = facts("skewed")
    st.markdown(
        f"**Distillation** now replaces all these images by {f.view.spec.distill.ipc} synthetic ones per "
        "digit. They start as noise and are changed, step by step, until their features in a network have "
        "on average the same values as those of the real images of the digit. **Vanilla** distillation "
        "takes the plain average, in which every image counts the same."
    )


def _distil_question() -> str:
    _, n = narrative.in_majority_color(facts("skewed"), "vanilla")
    return f"Of the {n} synthetic images, how many will have the most frequent colour of their digit?"


def _distil_reveal() -> None:
    f = facts("skewed")
    left, right = st.columns(2, gap="large")
    with left:
        _image_grid(f, "vanilla")
    with right:
        st.markdown(narrative.distilled(f))
        st.caption(
            "The colour of an image is the one whose hue is nearest to its mean colour, with bright pixels "
            "weighted more. Distances are in the feature space of a network, not in the plane of the "
            "playground."
        )
        studio_link(f, "images", "Watch the images form in the Studio")
        source(f)


def _gap_story() -> None:
    n = f"{int(facts('skewed').counts['vanilla'][0].sum()):,}".replace(",", "\u202f")
    st.markdown(
        "A network is trained on vanilla's images alone. Then it is tested on digits that it has never seen, "
        f"**each of them in every colour** ({n} test images), so the test images of two colours differ only "
        "in colour."
    )


def _gap_question() -> str:
    own, _ = facts("skewed").recalls("vanilla")
    return (
        f"It recognises {own:.0%} of the digits in the most frequent colour of their class. "
        "What percentage of those in other colours does it recognise?"
    )


def _gap_reveal() -> None:
    f = facts("skewed")
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        _recalls(f, "vanilla", "lesson-gap")
    with right:
        st.html(group_legend(f.labels.groups, f.labels.colors))
        st.markdown(narrative.gap(f))
        st.markdown(
            f"**{narrative.predicted_by_color(f, 'vanilla'):.0%}** of the digits in another digit's colour "
            "are predicted as that other digit: the network relies on colour."
        )
        st.caption(
            "A dot is a colour: the share of test images of a digit, in that colour, that are recognised. "
            "Named are the worst and the best colour; +2 means that two more colours are tied with it."
        )
        studio_link(f, "fairness", "See every fairness figure in the Studio")
        source(f)


def _align_story() -> None:
    st.markdown(
        "Now only the target changes. Instead of the plain average, **COBRA** takes the **barycenter** of "
        "the colours: first the mean of each colour, then the point nearest to all these means. A colour "
        "with two images counts as much as one with a hundred. Data, starting images, networks and tests "
        "stay the same."
    )


def _align_question() -> str:
    before = facts("skewed").metric("accuracy", "vanilla")
    return f"Vanilla's accuracy over all test images was {before:.0%}. What does alignment do to it?"


def _align_reveal() -> None:
    f = facts("skewed")
    st.markdown(narrative.aligned(f))
    for draw in (_image_grid, lambda f, arm: _recalls(f, arm, f"lesson-align-{arm}")):
        for column, arm in zip(st.columns(2, gap="large"), ("vanilla", "cobra"), strict=True):
            with column:
                draw(f, arm)
    st.markdown(narrative.cost(f))
    studio_link(f, "fairness", "Open both methods in the Studio")
    source(f)
    _other_methods()


def _other_methods() -> None:
    """Draw the methods that give the same result as COBRA."""
    f = facts("methods")
    st.markdown("### Is COBRA the only method that does this?")
    left, right = st.columns([1.1, 1], gap="large")
    with left:
        st.markdown(narrative.compare_fairdd(f))
        st.markdown(narrative.compare_uniform(f))
    with right:
        show_table(narrative.methods_table(f), key="lesson-methods", percent=("accuracy", "DEO_A"))
        st.markdown(
            "When groups are **balanced**, vanilla has the same target, too. Under another **distance**, the "
            "barycenter is not a mean: in the playground, choose ℓ2 or the smallest ball and move one group "
            "out."
        )
        studio_link(f, "images", "Open the three methods in the Studio")
        source(f)


def _balance_story() -> None:
    f = facts("balanced")
    n_CG = f.sizes_CG()
    st.markdown(
        "Without COBRA, one could collect better data: the same number of images of every colour. In the "
        f"next run, the skew is **{f.view.spec.data.skew:.0%}**: each of the {n_CG.shape[1]} colours has "
        f"{n_CG.min()} to {n_CG.max()} images of a digit. The colours look as different as before."
    )


def _balance_question() -> str:
    f = facts("skewed")
    gap = narrative.points(f.metric("deo_mean", "vanilla"))
    return (
        f"On imbalanced data, vanilla had a mean gap of {gap} points and a largest residual of "
        f"{f.worst_residual('vanilla'):.2f}. What is left when the colours are balanced?"
    )


def _conditions() -> dict[str, Facts]:
    return {name: facts(name) for name in narrative.CONDITIONS}


def _balance_reveal() -> None:
    runs = _conditions()
    table = narrative.conditions_table(runs)
    left, right = st.columns(2, gap="large")
    with left:
        show_figure(
            case_dots(table, "residual", "largest residual"),
            None,
            key="lesson-residuals",
            alt="Largest residual of vanilla and COBRA with and without imbalance and separation.",
        )
    with right:
        show_figure(
            case_dots(table, "gap", "mean gap (DEO_A)", percent=True),
            None,
            key="lesson-gaps",
            alt="Mean gap of vanilla and COBRA in the same four conditions, with 95 % intervals and noise "
            "floors.",
        )
    shares = ("gap", "low", "high", "floor", "floor_std", "accuracy")
    table_expander(table, "conditions", percent=shares)
    st.caption(
        "Largest residual: the distance of the farthest colour from the synthetic images, in mean lengths of "
        "the colours' signals. The rows of both figures are the same four runs, each with one seed: the "
        f"intervals are over test images and do not cover the variance across seeds. {FLOOR_MARK} To see the "
        "variance across seeds, launch them with three **Repeats** in the Studio."
    )
    first, second = st.columns(2, gap="large")
    with first:
        st.markdown(narrative.same_target(runs["balanced"]))
        st.markdown(narrative.left_after_balancing(runs))
    with second:
        st.markdown(narrative.without_separation(runs["alike"]))
        st.markdown(narrative.other_centers(runs["balanced"]))
    with st.container(horizontal=True):
        studio_link(runs["balanced"], "fairness", "Open the balanced run in the Studio")
        studio_link(runs["alike"], "fairness", "Open the run without separation")
    source(*runs.values())


STEPS: dict[int, Step] = {
    1: Step(
        "Bias",
        _bias_story,
        _bias_question,
        "Images of one other colour, on average.",
        lambda: round(narrative.mean_of_other_groups(facts("skewed")), 1),
        _bias_reveal,
        unit="images",
    ),
    2: Step(
        "Distil",
        _distil_story,
        _distil_question,
        "If colour had no effect, it would be one in ten.",
        lambda: narrative.in_majority_color(facts("skewed"), "vanilla")[0],
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
    4: Step(
        "Align",
        _align_story,
        _align_question,
        "Every method is tested on the same images.",
        lambda: narrative.outcome_of_alignment(facts("skewed")),
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
        "The answer comes from four runs, with and without imbalance, with and without separation.",
        lambda: narrative.outcome_of_balance(_conditions()),
        _balance_reveal,
        choices={
            "nothing": "Nothing: balancing is enough",
            "residuals": "Less of both, but neither disappears",
            "everything": "All of it: balancing changes nothing",
        },
    ),
}
"""Number of a step -> the step."""
