"""The languages a row can flow through: each reader drives the machine over one piece of source."""
