"""One module for each thing that people look after."""
