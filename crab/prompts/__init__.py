"""Every sentence that the project itself says to a model."""
