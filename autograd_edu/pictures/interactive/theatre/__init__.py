"""A recorded training run as a page: the data, the network and the loss, over its epochs."""
