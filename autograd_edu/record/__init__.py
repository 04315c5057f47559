"""The record of both passes: its data, how it is built from a graph, and how it is written."""
