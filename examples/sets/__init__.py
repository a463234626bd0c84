"""Public sets of data, a function a set: from a folder of downloads to tables by file name."""
