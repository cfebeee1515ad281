"""The demo: a club of synthetic people, and the main job told in numbered steps."""
