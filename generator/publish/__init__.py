"""Bringing a built site to where people see it. Nothing half-published is ever visible, and only changes are sent."""
