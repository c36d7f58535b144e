"""Pictures beside maps of their objects, a number or a colour each."""
