"""kdump-capture, the capture tool the site gives away: parts in POSIX sh, and what assembles them into one file."""
