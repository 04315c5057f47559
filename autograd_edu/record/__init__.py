"""The record of a forward and a backward pass: data, how it is made, and how it is written."""
