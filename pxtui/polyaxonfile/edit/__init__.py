"""The exact edit: one value set, added or taken out of a file, every other byte kept."""
