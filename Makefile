# The project's commands; `make help` lists them.
SHELL := /bin/bash
