"""Custom data sets: images that a user adds.

Accepted sources:
    * A folder, a zip file or uploaded files, with a table (CSV; comma, semicolon or tab; UTF-8, UTF-16) with
      the columns ``file``, ``label``, one or more that begin with ``group`` and, optionally, ``split``. The
      table lies above the images, or elsewhere if its rows name them; paths are relative to its folder or to
      the top. Tables called train and test, or in folders of these names, are parts of one set.
      For files that were uploaded one by one, only the last part of a path counts.
    * Parquet files: tables like the others, or with the images in them, as Hugging Face writes them.
    * Without a table: folders ``label/group/image``, or with ``train`` and ``test`` as a level of their own.

How a set was understood is a ``Reading``: which column or level of folders is what, and what had to be
guessed: other names of columns, paths that differ from the files in capitals, endings or folders, validation
images that serve as test images. Guesses are to be confirmed; options say it without guessing.

Rules:
    * Names of columns and parts are case-insensitive; blanks around values are removed.
    * Several group columns are crossed: each combination that occurs is a group.
    * Labels and groups are names, even when they look like numbers: ``01`` and ``1`` differ. They are sorted
      by value where all are numbers, else as people count. Accented letters have one spelling (NFC), blanks
      of all kinds are one blank, and invisible characters but joiners are removed.
    * Where train and test are named, validation images are left out; without test images they are these.
    * PNG, JPEG, WebP, BMP, GIF and TIFF (the first frame) and PPM. Images become RGB; transparent pixels
      become white; the rotation in the metadata is applied; the short side is resized and the centre is kept.
      Grey levels beyond eight bits have one range for the whole set.
    * A repeated row counts once. A file with two different descriptions is a problem.
    * Without a split, the rounded share of every (class, group) cell is drawn for the test: at least one
      image, never the last one. Equal images in training and test are noted.
    * Hidden files and those of operating systems (``__MACOSX``, ``Thumbs.db``) are skipped. Links and
      archives inside are reported, not followed or opened.
    * Zip files are read in place, without unpacking to the disk. Entries that lead out of the folder, repeat
      a name, overlap, are encrypted, or unpack to far more than images do make the whole file invalid.
    * An image of more than 64 million pixels is refused by its header, one of more than 50 MB unread.
    * Problems of single images make the set invalid unless they are left out; every problem is reported.
      A class or group never vanishes that way.
    * A set becomes visible by one rename, when it is complete.
"""
