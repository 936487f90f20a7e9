"""The portal's endpoints, one file each, and the shapes they answer in."""
