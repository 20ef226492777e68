"""What a command shows beside its data: notes, progress, and titled tables."""
