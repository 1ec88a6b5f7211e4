"""The method's algebra on a handful of points in the plane: NumPy only, within milliseconds."""
