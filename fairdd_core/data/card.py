"""The card of a data set: the facts to know before using it, and which settings it allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

from fairdd_core.config.spec.base import AS_FOUND
from fairdd_core.config.spec.data import DataSpec, Rendering, TestGroups
from fairdd_core.data.bias.crossing import SIGN
from fairdd_core.data.bias.separation import pick_palette
from fairdd_core.data.bias.subsampling import check_reachable, kept_sizes
from fairdd_core.data.grouped import RGB, Split
from fairdd_core.data.image_store import Progress
from fairdd_core.errors import UserError

Loader = Callable[[DataSpec, int, Path], Split]
JOIN = "+"
"""Separates attributes that are crossed into groups, as in ``race+gender``."""
EMBEDDED = "colored-digits-fg"
"""The data set that needs no files."""
OF_SYNTHETIC_GROUPS = ("test_groups", "test_images")
"""Fields of a specification that annotated groups leave as they are."""


@dataclass(frozen=True)
class DataFile:
    """A file or folder that a data set needs in the data folder.

    Attributes:
        path: relative to the data folder.
        size: in bytes; 0 when unknown.
        md5: of the file; empty when unknown.
        archive: the archive that contains it; size and checksum are then those of the archive.
    """

    path: str
    size: int = 0
    md5: str = ""
    archive: str = ""


@dataclass(frozen=True)
class Labels:
    """Names of classes and groups, and the colours of groups that have one."""

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    colors: tuple[RGB, ...] = ()


@dataclass(frozen=True)
class DatasetCard:
    """The description of a data set, and how to load it.

    Attributes:
        title: name for people.
        summary: what it shows and how it is biased.
        source: where it comes from.
        licence: terms of use.
        ethics: known limits, in two sentences.
        size: number and size of the images, in words.
        test_set: what is tested, and how balanced the groups are there.
        separation: meaning of separation 0 and 1 here.
        side: height and width in pixels of the images that the networks get.
        class_names: in index order; those of the default label.
        load: ``(spec, seed, data_dir) -> Split``; called when the files exist.
        content: returns a digest of the data set in the data folder, whatever a specification takes from it;
            quick, and raises ``UserError`` or ``OSError`` where that cannot be known.
        group_names: in index order; empty when the specification decides how many groups there are.
        max_groups: largest number of groups.
        attributes: annotations that may be label or group: attribute -> names of its values.
        label, group: the default attributes; groups may be crossed, as in ``race+gender``.
        synthetic_groups: whether the loader assigns the groups, so that any skew is possible; otherwise the
            images are annotated, and skew leaves some of them out.
        mirrored: whether flipping an image keeps its class.
        files: needed in the data folder.
        fetch: how to get the files by hand.
        torchvision: ``module:class`` that downloads the files; empty if none does.
        needs: package that the download needs besides torchvision.
        prepare: reads and resizes the images ahead of ``load`` and reports progress.
        image_folder: returns the folder, if there is one, with image files that may stand in for ``files``;
            no checksum verifies these.
        rendering: how the images are drawn, where that is a choice or differs from the papers.
        renderings: what ``rendering`` of the specification may be.
        published_test: how the papers show test pictures in synthetic groups.
        train_counts: training images of every class, by group where they are annotated; empty where that is
            known only when they are loaded.
    """

    title: str
    summary: str
    source: str
    licence: str
    ethics: str
    size: str
    test_set: str
    separation: str
    side: int
    class_names: tuple[str, ...]
    load: Loader
    content: Callable[[Path], str]
    group_names: tuple[str, ...] = ()
    max_groups: int = 10
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    label: str = ""
    group: str = ""
    synthetic_groups: bool = True
    mirrored: bool = True
    files: tuple[DataFile, ...] = ()
    fetch: str = ""
    torchvision: str = ""
    needs: str = ""
    prepare: Callable[[Path, Progress | None], object] | None = None
    image_folder: Callable[[Path], Path | None] | None = None
    rendering: str = ""
    renderings: tuple[Rendering, ...] = ("smooth",)
    published_test: TestGroups = "crossed"
    train_counts: tuple[tuple[int, ...], ...] = ()

    @property
    def classes(self) -> int:
        """Number of classes of the default label."""
        return len(self.class_names)

    def facts(self) -> dict[str, str]:
        """Return the facts to know before using the data set: heading -> text, in display order."""
        groups = ", ".join(self.group_names) or f"synthetic: 2 to {self.max_groups} colours"
        if self.attributes:
            groups = f"any of {len(self.attributes)} attributes, or several crossed; by default {self.group}"
        facts = {
            "What it is": self.summary,
            "Size": self.size,
            "Classes": f"{self.classes}: {', '.join(self.class_names)}",
            "Groups": groups,
            "Attributes": "; ".join(
                f"{name}: {', '.join(values)}" for name, values in self.attributes.items()
            ),
            "Rendering": self.rendering,
            "Test set": self.test_set,
            "Separation": self.separation,
            "Licence": self.licence,
            "Limits": self.ethics,
            "Source": self.source,
        }
        return {heading: text for heading, text in facts.items() if text}

    def groupings(self) -> list[str]:
        """Return the attributes to offer as groups; where there are few, also in pairs."""
        single = list(self.attributes)
        few = single if len(single) <= 4 else []
        return single + [a + JOIN + b for i, a in enumerate(few) for b in few[i + 1 :]]

    def labels(self, spec: DataSpec) -> Labels:
        """Return the names of the classes and groups of a specification, without reading data.

        Raises:
            UserError: for an unknown attribute.
        """
        if self.attributes:
            label, groups = self.chosen(spec)
            combinations = product(*(self.attributes[attribute] for attribute in groups))
            return Labels(self.attributes[label], tuple(map(SIGN.join, combinations)))
        if self.group_names:
            return Labels(self.class_names, self.group_names)
        palette = pick_palette(spec.groups)
        return Labels(self.class_names, tuple(n for n, _ in palette), tuple(rgb for _, rgb in palette))

    def chosen(self, spec: DataSpec) -> tuple[str, list[str]]:
        """Return the attribute that is the label, and those that make the groups; none without attributes.

        Raises:
            UserError: for an unknown attribute, one used twice, or a choice where there are no attributes.
        """
        if not self.attributes:
            for name in ("label", "group"):
                if value := getattr(spec, name):
                    raise UserError(
                        f"data.{name}", f"nothing, for {self.title} leaves no choice", repr(value)
                    )
            return "", []
        label = spec.label or self.label
        groups = (spec.group or self._usual_group(label)).split(JOIN)
        for name, values in (("label", [label]), ("group", groups)):
            for value in values:
                if value not in self.attributes:
                    raise UserError(f"data.{name}", "one of " + ", ".join(self.attributes), repr(value))
        if len({label, *groups}) <= len(groups):
            raise UserError("data.group", f"different attributes, none of them the label {label}", spec.group)
        return label, groups

    def _usual_group(self, label: str) -> str:
        """Return the default group, or another one when that is the label."""
        return self.group if label != self.group else next(a for a in self.attributes if a != label)

    def usual(self, label: str = "", group: str = "") -> DataSpec:
        """Return the default specification: 90 % skew and full colours, or annotated data as it is.

        Args:
            label: attribute that is predicted; empty for the default one.
            group: attributes that make the groups; empty for the default ones.
        """
        spec = DataSpec(label=label, group=group)
        if self.synthetic_groups:
            groups = len(self.group_names) or min(spec.groups, self.max_groups)
            return spec.model_copy(update={"groups": groups})
        unchanged = {"groups": len(self.labels(spec).groups), "skew": None, "separation": 0.0}
        return spec.model_copy(update=unchanged)

    def check(self, spec: DataSpec) -> None:
        """Check that the data set allows a specification.

        Raises:
            UserError: naming the field and what is allowed.
        """
        self.chosen(spec)
        names = self.labels(spec).groups if self.attributes else self.group_names
        if names and spec.groups != len(names):
            expected = f"{len(names)} for {self.title}: {', '.join(names)}"
            raise UserError("data.groups", expected, spec.groups)
        if spec.groups > self.max_groups:
            raise UserError("data.groups", f"at most {self.max_groups} for {self.title}", spec.groups)
        if spec.skew is None and self.synthetic_groups:
            raise UserError("data.skew", f"a share: {self.title} has synthetic groups", AS_FOUND)
        if spec.rendering not in self.renderings:
            raise UserError(
                "data.rendering", f"{', '.join(self.renderings)} for {self.title}", spec.rendering
            )
        for name in () if self.synthetic_groups else OF_SYNTHETIC_GROUPS:
            usual, value = DataSpec.model_fields[name].default, getattr(spec, name)
            if value != usual:
                raise UserError(f"data.{name}", f"{usual}: {self.title} has annotated groups", value)

    def class_sizes(self, spec: DataSpec) -> list[int]:
        """Return the training images of each class under a specification; none where that is not known.

        Raises:
            UserError: when the skew cannot be reached.
        """
        if not self.train_counts:
            return []
        counts_CG = np.array(self.train_counts, np.int64)
        if spec.skew is not None and not self.synthetic_groups:
            check_reachable(counts_CG, spec.skew, self.class_names)
            counts_CG = np.stack([kept_sizes(n_G, spec.skew) if n_G.any() else n_G for n_G in counts_CG])
        return [int(n) for n in counts_CG.sum(axis=1)]

    def without_meaning(self) -> tuple[str, ...]:
        """Return the fields of a specification that say nothing here and keep their usual values."""
        drawn = () if len(self.renderings) > 1 else ("rendering",)
        return drawn + (() if self.synthetic_groups else OF_SYNTHETIC_GROUPS)

    def crosses(self, spec: DataSpec) -> bool:
        """Return whether the test set of a specification shows every picture in every group."""
        return self.synthetic_groups and spec.test_groups == "crossed"

    def absent(self, data_dir: Path) -> list[DataFile]:
        """Return the files that are not in the data folder."""
        return [file for file in self.files if not (data_dir / file.path).exists()]

    def missing(self, data_dir: Path) -> list[DataFile]:
        """Return the files to fetch before the data set can be loaded: none where a folder of images does."""
        return [] if self.unverified(data_dir) else self.absent(data_dir)

    def unverified(self, data_dir: Path) -> Path | None:
        """Return the folder of image files that stand in for ``files``; None where these are used."""
        if self.image_folder is None or not self.absent(data_dir):
            return None
        return self.image_folder(data_dir)

    def note(self, data_dir: Path) -> str:
        """Return what to know of the files in the data folder, in a sentence; mostly nothing."""
        folder = self.unverified(data_dir)
        return f"Read from the image files in {folder}, which are not verified." if folder else ""

    def check_files(self, data_dir: Path, name: str = "") -> None:
        """Check that the files exist.

        Args:
            data_dir: the data folder.
            name: of the data set in the registry, for the command that downloads it.

        Raises:
            UserError: which are missing, where they belong and how to get them.
        """
        if not (missing := self.missing(data_dir)):
            return
        folder = data_dir / Path(missing[0].path).parent
        raise UserError(
            "data.dataset",
            f"the files of {self.title} in {folder}",
            "no " + ", ".join(Path(file.path).name for file in missing),
            f"{self.how_to_fetch(name)} FAIRDD_DATA names the data folder; {EMBEDDED} needs no files.",
        )

    def how_to_fetch(self, name: str) -> str:
        """Return how to get the files of the data set that the registry calls ``name``."""
        if not (self.torchvision and name):
            return self.fetch
        also = f" (needs the package {self.needs})" if self.needs else ""
        return f"python -m fairdd_core data download {name} fetches them{also}. Or by hand: {self.fetch}"
