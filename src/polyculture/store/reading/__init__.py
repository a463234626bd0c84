"""Files of other people: opened, decoded and turned into rows, with errors that name the place."""
