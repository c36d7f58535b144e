"""First weights from a file or a run."""

import sys
from pathlib import Path

from saccade.core.errors import ConfigError
from saccade.network.system import System
from saccade.runtime.checkpoint import load_weights


def take_weights(system: System, path: str | Path, trust_pickle: bool) -> list[str]:
    """Load what fits of a file's or run's weights into a system; the rest keeps its first weights, and is told.

    Args:
        system: Whose weights are replaced.
        path: A .safetensors file, a run's or a checkpoint's folder, or a .pth file.
        trust_pickle: Whether a .pth file may be read.

    Returns:
        Names of the system's weights that the file lacks or holds in another shape.

    Raises:
        ConfigError: Nothing of the file fits.
        DataError: The file is damaged, or is a pickle that was not trusted.
    """
    found = load_weights(Path(path), trust_pickle=trust_pickle)
    own = system.state_dict()
    fitting = {name: value for name, value in found.items() if name in own and own[name].shape == value.shape}
    if not fitting:
        raise ConfigError(
            f"weights of this system are expected (such as {next(iter(own))}), found {next(iter(found), 'none')}",
            path=path,
            hint="--init takes weights of the same system, with the same trunk and width",
        )
    system.load_state_dict(fitting, strict=False)
    left = [name for name in own if name not in fitting]
    if left:
        shown = ", ".join(left[:4]) + (f" and {len(left) - 4} more" if len(left) > 4 else "")
        print(f"first weights from {path}: {len(fitting)} taken, {len(left)} new ({shown})", file=sys.stderr)  # noqa: T201
    return left
