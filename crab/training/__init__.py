"""Pre-training, supervised fine-tuning and preference training, on TRL's trainers; every run survives a kill."""
