"""Automation rules at work, behind those who cause events."""
