"""Inputs as people really have them, each with its right outcome."""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.data.custom.make import encoded, noise, written, zipped

Files = Mapping[str, bytes]
Rows = Sequence[tuple[str, ...]]
CLASSES, GROUPS = ("cat", "dog"), ("blue", "red")


@dataclass(frozen=True)
class Case:
    """An input and what is to become of it.

    Attributes:
        make: writes it into a folder and returns its path.
        images: how many can be added; None when nothing can.
        classes, groups: names in order.
        guesses: words in the guesses, one each.
        notes: words in the notes that are not about small cells, one each.
        stops: words in the problems that prevent the import, one each where there are few.
        skippable: whether leaving out single images would help.
    """

    make: Callable[[Path], Path]
    images: int | None = 16
    classes: tuple[str, ...] = CLASSES
    groups: tuple[str, ...] = GROUPS
    guesses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    skippable: bool = False


def image(i: int) -> bytes:
    """A small image that differs from those of other numbers."""
    return encoded(noise(6, i))


def grid(
    fmt: str = "{i}.png", classes: Iterable[str] = CLASSES, groups: Iterable[str] = GROUPS, n: int = 4
) -> Rows:
    """Rows (file, class, group) with n images in every cell."""
    cells = [(c, g) for c in classes for g in groups for _ in range(n)]
    return [(fmt.format(i=i, c=c, g=g), c, g) for i, (c, g) in enumerate(cells)]


def csv(rows: Rows, header: str = "file,label,group", separator: str = ",", end: str = "\n") -> bytes:
    """A table."""
    lines = [header.replace(",", separator), *(separator.join(row) for row in rows)]
    return (end.join(lines) + end).encode()


def images(rows: Rows) -> dict[str, bytes]:
    """The images of a table."""
    return {row[0]: image(i) for i, row in enumerate(rows)}


def folder(files: Files) -> Callable[[Path], Path]:
    """Files in a folder."""
    return lambda path: written(path / "set", dict(files))


def table(content: bytes, rows: Rows | None = None, name: str = "labels.csv") -> Callable[[Path], Path]:
    """A table beside its images."""
    return folder({name: content, **images(grid() if rows is None else rows)})


def tree(fmt: str = "{c}/{g}/{i}.png", n: int = 4, groups: tuple[str, ...] = GROUPS) -> dict[str, bytes]:
    """Images in folders."""
    return images(grid(fmt, groups=groups, n=n))


def pictures(make: Callable[[int], bytes], form: str = "png", n: int = 4) -> Callable[[Path], Path]:
    """Folders class/group with n images each; ``make`` gets their number within the cell."""
    return folder({f"{c}/{g}/{i}.{form}": make(i) for c in CLASSES for g in GROUPS for i in range(n)})


def raw_zip(
    files: Files, raw: Callable[[str], bytes], extra: Callable[[str], bytes] = lambda name: b""
) -> Callable[[Path], Path]:
    """A zip file whose names are written as the given bytes, without the flag for UTF-8."""

    class Entry(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # of the standard library
            return raw(self.filename), 0

    def make(path: Path) -> Path:
        with zipfile.ZipFile(path / "set.zip", "w") as archive:
            for name, content in files.items():
                entry = Entry("x")
                entry.filename, entry.extra = name, extra(name)
                archive.writestr(entry, content)
        return path / "set.zip"

    return make


def unicode_path(name: str) -> bytes:
    """The extra field with the name in UTF-8."""
    body = struct.pack("<BL", 1, zlib.crc32(name.encode("cp437"))) + name.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def deep(top: float, kind: type, form: str, shades: int = 64) -> Callable[[int], bytes]:
    """Ramps from black to ``top``, each a little shorter than the one before."""

    def make(i: int) -> bytes:
        ramp = np.linspace(0, top, shades).reshape(8, -1)
        ramp[0, : i + 1] = 0
        return encoded(Image.fromarray(ramp.astype(kind)), form)

    return make


def long_text(i: int) -> bytes:
    """A PNG with a text of 2 MB."""
    text = PngInfo()
    text.add_text("workflow", "x" * 2_000_000, zip=True)
    return encoded(noise(6, i), pnginfo=text)


def flat_bmp(i: int) -> bytes:
    """A bitmap that shrinks 500 times."""
    picture = Image.new("RGB", (1200, 1200), (0, 0, i))
    return encoded(picture, "BMP")


def leak() -> dict[str, bytes]:
    """A split in which two of six test images are training images."""
    rows = [(f"{i}.png", c, g, part) for i, (c, g, part) in enumerate(_parts_of_cells())]
    files = images(rows)
    for test, train in (("3.png", "0.png"), ("9.png", "6.png")):
        files[test] = files[train]
    return {"labels.csv": csv(rows, "file,label,group,split"), **files}


def _parts_of_cells() -> list[tuple[str, str, str]]:
    parts = ("train",) * 3 + ("test",) * 3
    return [(c, g, part) for c in CLASSES for g in GROUPS for part in parts]


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


_SEMICOLONS = csv(grid(), separator=";")
_HEIC = b"\0\0\0\x18ftypheic" + bytes(40)
_NFD = {_nfd(f"Données/é{i}.png"): content for i, content in enumerate(images(grid()).values())}
_SITES = grid("site{i}/x.png")
_TWO = [(f"{i}.png", "cd"[i % 2], "rb"[i // 2 % 2]) for i in range(8)]
_UMLAUTS = tree(groups=("Frauen", "Männer"))
_ALL_LAYOUT = "one thing only"


def _named(rows: Rows, change: Callable[[str], str]) -> bytes:
    return csv([(change(row[0]), *row[1:]) for row in rows])


def _labelled(labels: tuple[str, ...], groups: tuple[str, ...]) -> Callable[[Path], Path]:
    rows = grid(classes=labels, groups=groups)
    return table(csv(rows), rows)


def _zip(files: Files) -> Callable[[Path], Path]:
    return lambda path: zipped(path / "set.zip", dict(files))


CASES: dict[str, Case] = {
    # Tables as programs write them.
    "a1 sep line": Case(table(b"sep=;\r\n" + csv(grid(), separator=";", end="\r\n"))),
    "a2 blank first line": Case(table(b"\n" + _SEMICOLONS)),
    "a3 commas in quotes": Case(
        table(
            csv([(*row, "x") for row in grid()], '"file";"label";"group";"note, free, any"', ";").replace(
                b'"file";"label";"group";"note; free; any"', b'"file";"label";"group";"note, free, any"'
            )
        )
    ),
    "a4 empty rows at the end": Case(table(_SEMICOLONS + b";;\n;;\n")),
    "a6 windows-1252": Case(
        table("file;label;group\n0.png;cat;männlich\n".encode("cp1252")), None, stops=("CSV UTF-8",)
    ),
    "a6 utf-16": Case(table(csv(grid()).decode().encode("utf-16"))),
    "a7 missing values are names": Case(
        _labelled(("nan", "None"), ("NA", "null")), classes=("nan", "None"), groups=("NA", "null")
    ),
    "a8 zeros in front": Case(
        _labelled(("007", "7"), ("1000", "1e3")),
        classes=("007", "7"),
        groups=("1000", "1e3"),
        notes=("007, 7 are one number", "1000, 1e3 are one number"),
    ),
    "a9 no ending": Case(table(_named(grid(), lambda name: name[:-4])), guesses=("with the ending .png",)),
    "a10 capitals": Case(table(_named(grid(), str.upper)), guesses=("ignoring upper and lower case",)),
    "a11 absolute paths of Windows": Case(
        table(_named(grid(), lambda name: f"C:\\Users\\me\\{name}")), guesses=("without C:/Users/me/",)
    ),
    "a11 scattered, with paths and capitals of Windows": Case(
        table(_named(grid(), lambda name: f"D:\\x{name}\\{name}".upper()), grid("b{i}/{i}.png")),
        guesses=("by their last part and ignoring upper and lower case",),
    ),
    "a12 relative paths of Windows": Case(
        table(_named(grid("images/{i}.png"), lambda name: name.replace("/", "\\")), grid("images/{i}.png"))
    ),
    "a13 a workbook only": Case(
        folder({"labels.xlsx": b"PK", **images(grid())}), None, stops=("is a workbook",)
    ),
    "a14 capitals of groups": Case(
        _labelled(CLASSES, ("Male", "male")), groups=("Male", "male"), notes=("differ in capitals only",)
    ),
    "a15 line breaks in names": Case(
        table(csv([(row[0], f'"{row[1]}\nx"', row[2]) for row in grid()])), classes=("cat x", "dog x")
    ),
    "a16 double slashes": Case(
        table(_named(grid("images/{i}.png"), lambda name: name.replace("/", "//./")), grid("images/{i}.png"))
    ),
    "a17 carriage returns": Case(table(csv(grid(), end="\r"))),
    "a18 other names of columns": Case(
        table(csv(grid(), "filename,target,gender")), guesses=("'filename'", "'target'", "'gender'")
    ),
    "a19 a comma at the end": Case(table(csv([(*row, "") for row in grid()]))),
    "a21 a table elsewhere": Case(
        folder({"meta/labels.csv": csv(grid("images/{i}.png")), **images(grid("images/{i}.png"))})
    ),
    "a22 decomposed accents": Case(folder({_nfd("Données/labels.csv"): csv(grid("é{i}.png")), **_NFD})),
    "a24 formats of phones": Case(
        folder({**tree("{c}/{g}/{i}.jfif"), "cat/red/y.HEIC": _HEIC, "dog/red/z.avif": _HEIC}),
        None,
        stops=("HEIC is a format that is not read; convert", "AVIF is a format that is not read; convert"),
        skippable=True,
    ),
    "a25 thumbnails of network storage": Case(
        folder({**tree(), "cat/red/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg": image(99)})
    ),
    "a26 other files": Case(
        table(csv(grid("nowhere/x{i}.png"))),
        None,
        stops=(
            "None of the 16 files in the column 'file' is there, e.g. nowhere/x0.png. The set has e.g. 0.png",
        ),
    ),
    # Zip files as programs pack them.
    "b1 backslashes and a table": Case(
        raw_zip({"labels.csv": csv(grid("images/{i}.png")), **tree("images\\{i}.png")}, str.encode)
    ),
    "b1 backslashes": Case(raw_zip(tree("{c}\\{g}\\{i}.png"), str.encode)),
    "b2 code page 437": Case(
        raw_zip(_UMLAUTS, lambda name: name.encode("cp437")),
        groups=("Frauen", "Männer"),
        notes=("8 names read as code page 437",),
    ),
    "b3 Unicode path": Case(
        raw_zip(_UMLAUTS, lambda name: name.encode("cp437"), unicode_path), groups=("Frauen", "Männer")
    ),
    "b4 macOS": Case(
        _zip(
            {_nfd("Données/labels.csv"): csv(grid("é{i}.png")), "__MACOSX/Données/._x.png": b"x"}
            | {"Données/.DS_Store": b"x"}
            | _NFD
        )
    ),
    "b5 flat bitmaps": Case(
        _zip(
            {
                f"{c}/{g}/{i}.bmp": flat_bmp(40 * j + 20 * k + i)
                for j, c in enumerate(CLASSES)
                for k, g in enumerate(GROUPS)
                for i in range(3)
            }
        ),
        12,
    ),
    "b6 a zip in a zip": Case(_zip({"inner.zip": b"PK"}), None, notes=("not opened",), stops=("no images",)),
    "b7 wrapped twice": Case(
        _zip({f"set/set/{name}": x for name, x in {"labels.csv": csv(grid()), **images(grid())}.items()})
    ),
    # Pictures.
    "c1 fractions": Case(pictures(deep(1, np.float32, "TIFF"), "tif"), notes=("0 to 1", *["repeat"] * 2)),
    "c8 no images": Case(
        pictures(lambda i: b"<html>404</html>"), None, stops=("cannot be read",) * 16 + ("No image is left",)
    ),
    "c9 long texts": Case(pictures(long_text, n=2), 8, notes=("repeat", "repeat")),
    "c10 all the same": Case(pictures(lambda i: image(0)), notes=("4 of 4 test images", "16 images equal")),
    "c11 in training and test": Case(folder(leak()), 24, notes=("2 of 12 test images",)),
    # Folders and tables in them.
    "d1 ImageFolder with parts": Case(
        folder(tree("{g}/{c}/{i}.png", groups=("train", "test"))), None, stops=(_ALL_LAYOUT,)
    ),
    "d2 train and val": Case(
        folder(tree("train/{c}/{g}/{i}.png") | tree("val/{c}/{g}/v{i}.png", n=2)),
        24,
        guesses=("'folder 1'", "'val'"),
        notes=("8 of 8 test images", "12 images equal"),
    ),
    "d2 train, val and test": Case(
        folder({f"{part}/{name}": x for part in ("train", "val", "test") for name, x in tree().items()}),
        32,
        guesses=("'folder 1'",),
        notes=("16 images of 'val' are left out", "16 of 16 test images"),
    ),
    "d3 ImageFolder": Case(folder(tree("{c}/{i}.png")), None, stops=(_ALL_LAYOUT,)),
    "d4 three levels": Case(folder(tree("{c}/{g}/{i}/x.png")), None, stops=("Which level of folders",)),
    "d5 a table in each part": Case(
        folder(
            {f"{part}/labels.csv": csv(_TWO) for part in ("train", "test")}
            | {
                f"{part}/{row[0]}": image(i + 9 * len(part))
                for i, row in enumerate(_TWO)
                for part in ("train", "test")
            }
        ),
        16,
        ("c", "d"),
        ("b", "r"),
        guesses=("parts of one set",),
    ),
    "d7 a table beside folders": Case(
        folder(
            {"annotations/labels.csv": csv(_SITES), "annotations/other.csv": b"a,b\n1,2\n", **images(_SITES)}
        ),
        notes=("names none of the images",),
    ),
    "d13 many groups": Case(
        _labelled(CLASSES, tuple(f"g{i}" for i in range(12))), 96, groups=tuple(f"g{i}" for i in range(12))
    ),
    "d16 joiners, marks and blanks": Case(
        _labelled(("ذكر\u200f", "אישה"), ("👩🏽\u200d🦱", "no\u00a0break \u202ax\u202c")),
        classes=("אישה", "ذكر"),
        groups=("no break x", "👩🏽\u200d🦱"),
    ),
}
"""By the kind of trouble: a is tables, b zip files, c pictures, d layouts."""
