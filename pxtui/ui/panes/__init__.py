"""The panes of the screen; `PANES` in `pxtui.ui.layout` lists them all."""
