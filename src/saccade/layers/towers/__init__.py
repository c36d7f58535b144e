"""What stands between maps and a head's scores."""
