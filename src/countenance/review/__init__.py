"""People decide about candidates: what a review signs, and what the reviews of a search come to (P18)."""
