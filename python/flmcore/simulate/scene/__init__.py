"""What is around a head: the camera, the lights, what is behind it, and what happens to the picture afterwards."""
