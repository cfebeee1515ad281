"""How often the whole is wrong: measured in memory, outside the gallery, on data sets that say what they are."""
