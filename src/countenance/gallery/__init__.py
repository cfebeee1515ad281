"""The one door to templates. Every method takes a grant."""
