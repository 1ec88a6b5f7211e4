"""The library under the fair-distillation explorer.

Distils a biased, grouped data set into a few synthetic images per class with and without cross-group
barycenter alignment, and measures what that does to accuracy and to the fairness gaps.
Importing this package is cheap: heavy libraries (torch, umap, ot) are imported where they are used.
"""

__version__ = "0.1.0"
