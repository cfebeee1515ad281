"""Rights exercised and orders carried out: what is handed out as proof."""
