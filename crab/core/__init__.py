"""What every room shares: records, text measures, errors, files, paths. Knows no other room."""
