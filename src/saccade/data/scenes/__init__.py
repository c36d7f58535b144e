"""The built-in pictures: textured grounds, objects that hide each other, jointed figures."""

from saccade.data.scenes.dataset import Scenes, scenes_split

__all__ = ["Scenes", "scenes_split"]
