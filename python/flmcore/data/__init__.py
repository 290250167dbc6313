"""Reading what an evaluation starts from: images and face boxes."""
