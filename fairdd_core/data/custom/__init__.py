"""Custom data sets: images that a user adds.

Accepted sources:
    * A folder, a zip file or uploaded files, with one table (CSV; comma, semicolon or tab; UTF-8) with the
      columns ``file``, ``label``, one or more that begin with ``group`` and, optionally, ``split`` (train or
      test). The table lies at the top, or in the one folder that holds everything; paths are relative to it.
      For files that were uploaded one by one, only the last part of a path counts.
    * Without a table: folders ``label/group/image``, or ``train/label/group/image`` and ``test/…``.

Rules:
    * Names of columns, ``train`` and ``test`` are case-insensitive; blanks around values are removed.
    * Several group columns are crossed: each combination that occurs is a group.
    * Labels and groups are names, even when they look like numbers: ``01`` and ``1`` differ. They are sorted
      by value where all are numbers, else alphabetically. Accented letters have one spelling (NFC).
    * PNG, JPEG, WebP, BMP, GIF and TIFF (the first frame) and PPM. Images become RGB; transparent pixels
      become white; the rotation in the metadata is applied; the short side is resized and the centre is kept.
    * A repeated row counts once. A file with two different descriptions is a problem.
    * Without a split, the rounded share of every (class, group) cell is drawn for the test: at least one
      image, never the last one.
    * Hidden files and those of operating systems (``__MACOSX``, ``Thumbs.db``) are skipped. Links and
      archives inside are reported, not followed or opened.
    * Zip files are read in place, without unpacking to the disk. Entries that lead out of the folder, repeat
      a name, overlap, are encrypted, or unpack to far more than images do make the whole file invalid.
    * An image of more than 64 million pixels is refused by its header, one of more than 50 MB unread.
    * Problems of single images make the set invalid unless they are left out; every problem is reported.
    * A set becomes visible by one rename, when it is complete.
"""
