"""Peewee and the only SQL."""
