"""Carries released files to banks and picks their answers up; driven by the worker loop."""
