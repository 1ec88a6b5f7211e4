"""The glossary of the lesson."""

from __future__ import annotations

import streamlit as st

TERMS: dict[str, str] = {
    "Class": "What a network is to recognise. Here: which digit an image shows.",
    "Group": "What should make no difference. Here: the colour of the digit. In real data, it may be a "
    "person's sex, age or skin colour.",
    "Skew": "The share of each class that its largest group has. With ten groups, 10 % is balanced and 90 % "
    "leaves about 1 % for each of the others.",
    "Separation": "How different the groups look to a network: the distance between their means. At 0, they "
    "look alike.",
    "Distillation": "Replacing a large training set by a few synthetic images per class whose features "
    "have, on average, the same values as those of the real images.",
    "Target": "The point in feature space that the synthetic images of a class are moved to. Vanilla "
    "distillation takes the mean of all real images of the class, so large groups count more.",
    "Barycenter": "The point nearest to all groups at once, with equal weights. It depends on the distance: "
    "for the squared distance, it is the mean of the groups' means.",
    "Residual": "The distance of a group's mean from the target: what the synthetic images miss of it.",
    "DEO": "How far apart the groups' recalls are. In each class, subtract the lowest recall from the "
    "highest, in percentage points; DEO_A is the mean over the classes, DEO_M the largest.",
}
"""Term -> its meaning, in plain language."""


def glossary() -> None:
    """Draw a button for every term that opens its meaning."""
    with st.container(key="learn-glossary", horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Glossary:", width="content")
        for term, meaning in TERMS.items():
            with st.popover(term, type="tertiary", key=f"term-{term}"):
                st.markdown(f"**{term}**  \n{meaning}")
