"""The method's algebra on a handful of points in the plane, with numpy and scipy only, within milliseconds.

What the Learn screen computes while a slider moves. ``fairdd_core.distill`` computes the same on signals of
thousands of dimensions, with torch; the tests hold the two against each other.
"""
