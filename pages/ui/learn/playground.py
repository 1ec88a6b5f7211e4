"""The playground: groups as point clouds in the plane, and how shares and positions move the targets."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from fairdd_core.analysis.theorem import explain
from fairdd_core.config.spec.data import lowest_skew
from fairdd_core.distill.discrepancies.registry import DISCREPANCIES
from fairdd_core.playground.scene import (
    DISTANCES,
    LIMITS,
    NAMES,
    PRESETS,
    Scene,
    adapted,
    scene_residuals,
    scene_targets,
)
from fairdd_core.plots.playground import GROUP_STYLES, residual_bars, scene_figure
from pages.ui.common.figures import lazy_expander, show_figure, show_table
from pages.ui.common.html import marker_svg
from pages.ui.learn.state import keep_address, scene_now, set_scene

PLAY_SECONDS = 0.25
PLAY_STEP = 3
"""Per cent that every frame of the animation adds to the share."""
_PLAYING, _DRAWN, _PRESET = "play-playing", "play-drawn", "play-preset"
_SCENE = "play-drawn-scene"


def playground() -> None:
    """Draw the playground as a fragment, so that only it runs again when a control moves."""
    playing = bool(st.session_state.get(_PLAYING))
    st.session_state[_DRAWN] = time.monotonic()
    # A fragment keeps its interval, so starting and stopping the animation makes a new one.
    st.fragment(_playground, run_every=PLAY_SECONDS if playing else None)()


def _playground() -> None:
    ticking = time.monotonic() - st.session_state[_DRAWN] > 0.5 * PLAY_SECONDS
    st.session_state[_DRAWN] = time.monotonic()
    if ticking and st.session_state.get(_PLAYING):
        _advance()
    _presets()
    left, middle, right = st.columns([0.95, 2, 1.35], gap="medium")
    with left, st.container(key="learn-controls", gap="small"):
        _controls()
    with middle, st.container(key="learn-plane"):
        _distance()
        _picture(scene_now())
    with right, st.container(key="learn-results"):
        _results(scene_now())
    st.session_state[_SCENE] = scene_now()
    if not st.session_state.get(_PLAYING):  # each address is an entry of the browser's history
        keep_address()


def _advance() -> None:
    """Set the share of the next frame, or stop when the browser has reported the last one.

    A browser that has not drawn a frame yet reports the share of the frame before it, which replaces the one
    set here. So the animation must not stop in the same run that sets the last frame.
    """
    scene = scene_now()
    if scene.skew < 99:
        set_scene(replace(scene, skew=min(99, scene.skew + PLAY_STEP)))
        return
    st.session_state[_PLAYING] = False
    st.rerun()  # replaces the fragment by one without an interval


def _play() -> None:
    """Start or pause the animation; at its end it starts again from balanced shares."""
    playing = not st.session_state.get(_PLAYING)
    st.session_state[_PLAYING] = playing
    scene = scene_now()
    if playing and scene.skew >= 99:
        set_scene(replace(scene, skew=lowest_skew(scene.groups)))


def _preset_chosen() -> None:
    name, scene = st.session_state[_PRESET], scene_now()
    # A browser that moves a slider before it has drawn the deselected preset sends that preset along. Then
    # the scene differs from the one drawn, and the slider is what the user changed.
    if name and scene == st.session_state.get(_SCENE, scene):
        st.session_state[_PLAYING] = False
        set_scene(replace(PRESETS[name].scene, distance=scene_now().distance))


def _presets() -> None:
    scene = scene_now()
    # A preset stays selected while only the distance changes.
    match = [name for name, p in PRESETS.items() if replace(p.scene, distance=scene.distance) == scene]
    st.session_state[_PRESET] = match[0] if match else None
    st.pills(
        "Try",
        list(PRESETS),
        format_func=lambda name: PRESETS[name].title,
        key=_PRESET,
        on_change=_preset_chosen,
        help="Each sets shares and positions at once and keeps the distance.",
    )
    st.markdown(
        PRESETS[match[0]].description
        if match
        else "A custom scene. The address of this page holds it, so a link restores it."
    )


def _groups_chosen() -> None:
    set_scene(adapted(scene_now()))


def _slider(label: str, name: str, text: str, *, low: int | None = None, step: int = 1) -> None:
    least, high = LIMITS[name]
    st.slider(
        label,
        least if low is None else low,
        high,
        step=step,
        format="%d %%",
        key=f"play-{name}",
        persist_state="session",
        help=text,
    )


def _controls() -> None:
    groups = st.session_state["play-groups"]
    last = NAMES[groups - 1]
    st.slider(
        "Groups",
        2,
        len(NAMES),
        key="play-groups",
        on_change=_groups_chosen,
        persist_state="session",
        help="Number of groups in this class.",
    )
    balanced = lowest_skew(groups)
    text = f"The skew. {balanced} % is balanced; the other groups share the rest equally."
    _slider("Share of the largest group", "skew", text, low=balanced)
    playing = bool(st.session_state.get(_PLAYING))
    label, icon = ("Pause", ":material/pause:") if playing else ("Play the share", ":material/play_arrow:")
    text = "From balanced to 99 %."
    if st.button(label, icon=icon, key="play-play", on_click=_play, width="stretch", help=text):
        st.rerun()  # the whole page, which makes the fragment with or without an interval
    st.segmented_control(
        "Largest group",
        list(range(1, groups + 1)),
        format_func=lambda g: NAMES[g - 1],
        required=True,
        key="play-largest",
        persist_state="session",
        help=f"The group with the largest share. Only group {last} can be moved away from the others.",
    )
    _slider("Separation", "separation", "Distance of the groups from their centre. 0: all at one point.")
    text = "Distance of the last group from the centre, relative to the other groups."
    _slider(f"Distance of group {last}", "far", text, step=10)
    _slider("Spread of the clouds", "spread", "Width of the clouds. No target depends on it.")


def _distance() -> None:
    left, right = st.columns([1.1, 1], vertical_alignment="bottom", gap="small")
    with left:
        st.selectbox(
            "COBRA's distance",
            list(DISTANCES),
            format_func=lambda name: DISCREPANCIES[name].title,
            key="play-distance",
            persist_state="session",
            help="\n\n".join(
                f"**{DISCREPANCIES[name].title}**: {DISCREPANCIES[name].summary}" for name in DISTANCES
            ),
        )
    with right:
        st.toggle(
            "Mark all barycenters",
            key="play-all",
            persist_state="session",
            help="Shows COBRA's target under every distance.",
        )


def _picture(scene: Scene) -> None:
    verdict = scene.verdict()
    show_figure(
        scene_figure(scene, every_target=bool(st.session_state["play-all"])),
        None,
        key="plane",
        alt=f"{scene.groups} groups as clouds, group {NAMES[scene.largest - 1]} the largest. Lines run from "
        "every group to vanilla's target and to COBRA's. The largest residual is "
        f"{verdict.worst_vanilla:.2f} under vanilla and {verdict.worst_aligned:.2f} under COBRA.",
    )


def _results(scene: Scene) -> None:
    verdict = scene.verdict()
    table = scene_residuals(scene)
    worst = int(verdict.vanilla_G.argmax())
    st.markdown(
        "**Residual per group**",
        help="A group's residual is its distance from the target. The tick is the bound on vanilla's, "
        "**imbalance × separation**: the distances to the other groups, weighted by their shares. For group "
        f"{scene.names[worst]} the bound is {verdict.bound_G[worst]:.2f}, the residual "
        f"{verdict.vanilla_G[worst]:.2f}.",
    )
    show_figure(
        residual_bars(table),
        None,
        key="residual-bars",
        title="Residuals",
        alt="Residual of every group under vanilla and under COBRA, and the bound on vanilla's.",
    )
    st.html(theorem_html(scene))
    st.markdown(explain(verdict, scene.names))

    def tables() -> None:
        show_table(table, key="play-table", percent=("share",))
        show_table(scene_targets(scene), key="play-targets")

    lazy_expander("play-tables", tables, "Tables")


def theorem_html(scene: Scene) -> str:
    """Return the terms of Theorem 4.1 and whether its condition holds, as HTML."""
    verdict = scene.verdict()
    color, symbol = GROUP_STYLES[verdict.worst]
    inner = 0.0 if abs(verdict.inner) < 0.005 else verdict.inner
    state = "✓ holds" if verdict.holds else "✗ fails"
    rows = (
        (
            "Group that COBRA serves worst",
            f"{marker_svg(symbol, color)} {scene.names[verdict.worst]}"
            + (f" <small>of {verdict.tied} equal</small>" if verdict.tied > 1 else ""),
        ),
        ("Condition: ⟨Δ, s⟩ ≤ 0", f"<b>{inner:.2f}</b> {state}".replace("-", "−")),
        ("Largest residual, vanilla", f"<b>{verdict.worst_vanilla:.2f}</b>"),
        ("Largest residual, COBRA", f"<b>{verdict.worst_aligned:.2f}</b>"),
    )
    body = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)
    return (
        f"<div class='fx-theorem'><b>Theorem 4.1</b><dl>{body}</dl>"
        "<p>Δ points from COBRA's target to that group, s (dotted) from COBRA's target to "
        "vanilla's.</p></div>"
    )
