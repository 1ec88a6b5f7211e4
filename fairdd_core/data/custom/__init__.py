"""Data sets that a user adds.

What is taken:
    * A folder, a zip file or uploaded files, with one table (CSV; comma, semicolon or tab; UTF-8) with the
      columns ``file``, ``label``, one or more that begin with ``group`` and, if wanted, ``split`` (train or
      test). The table lies at the top, or in the one folder that holds everything; paths are relative to it.
      Of files that were uploaded one by one, the last part of the path counts.
    * Without a table: folders ``label/group/image``, or ``train/label/group/image`` and ``test/…``.

The rules:
    * Names of columns and of train and test are read without regard to capitals; blanks around values go.
    * Several group columns are crossed: each combination that occurs is a group.
    * Labels and groups are names, also when they look like numbers: ``01`` and ``1`` differ. They are sorted
      by value where all are numbers, else alphabetically. Accented letters have one spelling (NFC).
    * PNG, JPEG, WebP, BMP, GIF and TIFF (the first frame) and PPM. Images become RGB; what is transparent
      lies on white; a rotation noted by the camera is applied; the short side is brought to the chosen side
      and the centre is kept.
    * The same row twice counts once. A file with two different descriptions is a problem.
    * Without a split, the rounded share of every (class, group) cell is drawn for the test: at least one
      image, never the last one.
    * Hidden files and those that systems leave behind (``__MACOSX``, ``Thumbs.db``) are passed over. Links
      and archives inside are told and not followed.
    * Zip files are read where they are; nothing is unpacked to the disk. Entries that lead out of the folder,
      come twice, overlap, are locked, or unpack to far more than images do refuse the whole file.
    * An image of more than 64 million pixels is refused from its header, one of more than 50 MB unread.
    * Problems of single images refuse the set unless they are to be left out; every problem is reported.
    * A set is put in its place by one renaming; before that, nothing of it can be seen.
"""
