"""Chat templates of our own, by name, and the plain document form that base models are pre-trained on."""
