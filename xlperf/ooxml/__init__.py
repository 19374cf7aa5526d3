"""The file format: packages, sheets and the references between their parts.

Folders and words follow Office Open XML (ECMA-376). Nothing here knows of performance forms.
"""
