"""The thin web page on one gallery: this machine only, one account, no script, nothing on disk."""
