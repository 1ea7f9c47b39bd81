"""What may be published of a run: a data set and its models as Hugging Face folders, each with its card."""
