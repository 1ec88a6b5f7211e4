"""The words of the lesson, explained where they are used."""

from __future__ import annotations

import streamlit as st

WORDS: dict[str, str] = {
    "Class": "What is to be recognised. Here: which digit an image shows.",
    "Group": "What should make no difference. Here: the colour of the digit. In real data it may be "
    "somebody's sex, age or skin colour.",
    "Skew": "The share of each class that its largest group has. With ten groups, 10 % is balanced and 90 % "
    "leaves about 1 % for each of the others.",
    "Separation": "How different the groups look to a network: the distance between their means. At 0 they "
    "look alike.",
    "Distillation": "Replacing a large training set by a few synthetic images per class that are made so "
    "that a network sees in them, on average, what it sees in the real ones.",
    "Target": "The point that the synthetic images of a class are drawn to. Vanilla distillation takes the "
    "mean of all real images of the class, so large groups count more.",
    "Barycenter": "The point nearest to all groups at once, every group counting the same. Which point that "
    "is depends on how distance is measured: for the squared distance it is the mean of the groups' means.",
    "Residual": "How far a group's mean is from the target: what the synthetic images miss of this group.",
    "DEO": "How far apart the groups' recalls are. In each class, take the best-recognised group minus the "
    "worst-recognised one, in percentage points; DEO_A is the mean over the classes, DEO_M the largest.",
}
"""Word -> what it means, in plain language."""


def glossary() -> None:
    """Draw a button for every word, each with its meaning."""
    with st.container(key="learn-words", horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Words:", width="content")
        for word, meaning in WORDS.items():
            with st.popover(word, type="tertiary", key=f"word-{word}"):
                st.markdown(f"**{word}**  \n{meaning}")
