"""Images described by the folders in which they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fairdd_core.data.custom.columns import read_levels
from fairdd_core.data.custom.names import tidy
from fairdd_core.data.custom.options import MAX_IMAGES, Options
from fairdd_core.data.custom.problems import Problems
from fairdd_core.data.custom.reading import Reading
from fairdd_core.data.custom.sheets import Line, Sheet
from fairdd_core.data.custom.sources import Source, is_utf8


def read_folders(
    images: Sequence[str], source: Source, options: Options, problems: Problems
) -> tuple[Sheet, Reading]:
    """Return a line per image with the folders that tell images apart, and what these folders are.

    Folders at the top that hold everything are left out. Images that lie deeper or higher than most are
    reported and left out.
    """
    for name in sorted(source.links):
        problems.add("link", "This is a link, and links are not followed.", name)
    images = sorted(images)
    if len(images) > MAX_IMAGES:
        problems.add("size", f"There are more than {MAX_IMAGES:,} images.", source.title)
        images = images[:MAX_IMAGES]
    folders = {name: name.split("/")[:-1] for name in images if is_utf8(name)}
    for name in images:
        if name not in folders:
            problems.add("name", "The name is not UTF-8. Rename the file or folder.", name)
    depth = Counter(map(len, folders.values())).most_common(1)[0][0] if folders else 0
    usual = {name: levels for name, levels in folders.items() if len(levels) == depth}
    skip = 0
    while skip < depth - 1 and len({levels[skip] for levels in usual.values()}) == 1:
        skip += 1
    header = tuple(f"folder {i + 1}" for i in range(depth - skip))
    lines = [Line("", 0, tuple(map(tidy, levels[skip:])), name) for name, levels in usual.items()]
    sheet = Sheet("", header, lines, has_files=True)
    reading = read_levels(sheet, options, problems)
    if reading.label and reading.groups:
        for name in folders.keys() - usual.keys():
            problems.add("place", "The image lies in no folder label/group.", name)
    return sheet, reading
