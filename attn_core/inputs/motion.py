"""Camera motions over a photograph: short clips whose moving frames are known.

A virtual camera looks at a square of a photograph. It rests, makes one motion, and rests again; a
hand that is never quite still and, if wished, a thing that crosses the picture are added. Lessons
make clips of the sample photographs with it, and training makes all of its clips with it.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

N_FRAMES = 16
"""Frames of a clip."""
SIDE = 48
"""Pixels of a frame as models read it."""
MOTIONS = (
    "still", "pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out", "roll_left",
    "roll_right",
)  # fmt: skip
"""What the camera does: pans and tilts turn it, rolls turn it around its own axis."""
SHORTEST, LONGEST = 4, 12
"""Frames of a motion."""
SPEEDS = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Times the middle speed."""
PAN, ZOOM, ROLL = 0.034, 0.035, math.radians(3.0)
"""Of the middle speed, each frame: shares of the picture's width, of its size, radians."""
SHAKE = 0.003
"""Standard deviation of what an unsteady hand adds each frame, in shares of the width."""


@dataclass(frozen=True, slots=True)
class Motion:
    """One motion in a clip.

    Parameters
    ----------
    kind : str
        One of ``MOTIONS``.
    first, last : int
        Frames that differ from the one before by the motion, both included; at least 1, for the
        first frame has none before it.
    speed : float
        Times the middle speed, in [0.25, 4].

    Raises
    ------
    ValueError
        If a value is out of its bound.

    Examples
    --------
    >>> Motion("pan_left", 3, 5).moving.int().tolist()
    [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    """

    kind: str
    first: int = 1
    last: int = 1
    speed: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in MOTIONS:
            raise ValueError(f"kind is {self.kind!r}; it must be one of {MOTIONS}")
        if not 1 <= self.first <= self.last < N_FRAMES:
            raise ValueError(
                f"frames are {self.first}–{self.last}; they must lie in 1–15, in order"
            )
        if not 0.25 <= self.speed <= 4:
            raise ValueError(f"speed is {self.speed}; it must be in [0.25, 4]")

    @property
    def moving(self) -> Bool[Tensor, "frame"]:
        """Which frames the motion changes; none where the camera is still."""
        at = torch.arange(N_FRAMES)
        return (at >= self.first) & (at <= self.last) & (self.kind != "still")


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera looks at each frame.

    Parameters
    ----------
    shift : Float[Tensor, "frame 2"]
        To the right and downwards, in widths of the picture.
    zoom, turn : Float[Tensor, "frame"]
        Logarithm of the magnification; radians, clockwise.
    """

    shift: Float[Tensor, "frame 2"]
    zoom: Float[Tensor, "frame"]
    turn: Float[Tensor, "frame"]


def path(motion: Motion, shake: Float[Tensor, "frame 4"] | None = None) -> Camera:
    """The camera's way.

    Parameters
    ----------
    motion : Motion
        What it does.
    shake : Float[Tensor, "frame 4"], optional
        What an unsteady hand adds at each frame: right, down, zoom, turn.

    Returns
    -------
    Camera
        Counted from the middle of the motion, so that it stays near the picture's middle.
    """
    steps = motion.moving.float() * motion.speed
    way = steps.cumsum(0)
    way = way - way[-1] / 2
    zero = torch.zeros(N_FRAMES)
    right = {"pan_left": -PAN, "pan_right": PAN}.get(motion.kind, 0.0) * way
    down = {"tilt_up": -PAN, "tilt_down": PAN}.get(motion.kind, 0.0) * way
    zoom = {"zoom_in": ZOOM, "zoom_out": -ZOOM}.get(motion.kind, 0.0) * way
    turn = {"roll_left": -ROLL, "roll_right": ROLL}.get(motion.kind, 0.0) * way
    added = torch.stack((zero, zero, zero, zero), 1) if shake is None else shake
    return Camera(
        torch.stack((right, down), 1) + added[:, :2], zoom + added[:, 2], turn + added[:, 3]
    )


def look(
    picture: Float[Tensor, "channel row column"],
    camera: Camera,
    window: float,
    centre: tuple[float, float] = (0.5, 0.5),
    side: int = SIDE,
) -> Float[Tensor, "frame channel side side"]:
    """What the camera sees.

    Parameters
    ----------
    picture : Float[Tensor, "channel row column"]
        The photograph; beyond its edges it is mirrored.
    camera : Camera
        Where it looks.
    window : float
        Width of what it sees without zoom, as a share of the picture's shorter side.
    centre : tuple of float
        Where it looks without shift, right and down, as shares of the picture.
    side : int
        Pixels of a frame.

    Returns
    -------
    Float[Tensor, "frame channel side side"]
        The frames.

    Examples
    --------
    >>> frames = look(torch.rand(1, 60, 80), path(Motion("still")), 0.5)
    >>> frames.shape, bool(torch.equal(frames[0], frames[9]))
    (torch.Size([16, 1, 48, 48]), True)
    """
    rows, columns = picture.shape[1:]
    pixels = window * min(rows, columns)
    line = (torch.arange(side) + 0.5) / side - 0.5
    down, right = torch.meshgrid(line, line, indexing="ij")
    grid = torch.stack((right, down), -1)[None] * torch.exp(-camera.zoom)[:, None, None, None]
    cos, sin = torch.cos(camera.turn)[:, None, None], torch.sin(camera.turn)[:, None, None]
    turned = torch.stack(
        (cos * grid[..., 0] - sin * grid[..., 1], sin * grid[..., 0] + cos * grid[..., 1]), -1
    )
    turned = (turned + camera.shift[:, None, None]) * pixels
    middle = torch.tensor([centre[0] * columns, centre[1] * rows])
    at = 2 * (turned + middle) / torch.tensor([columns, rows]) - 1
    many = picture.expand(len(at), *picture.shape)
    return nn.functional.grid_sample(
        many, at, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def as_read(
    frames: Float[Tensor, "*batch frame row column"],
) -> Float[Tensor, "*batch frame row column"]:
    """Grey frames as models read them: each clip's mean is 0 and its deviation 1.

    Parameters
    ----------
    frames : Float[Tensor, "*batch frame row column"]
        Luminance.

    Returns
    -------
    Float[Tensor, "*batch frame row column"]
        A clip of one shade becomes zeros.
    """
    mean = frames.mean((-3, -2, -1), keepdim=True)
    deviation = frames.std((-3, -2, -1), keepdim=True)
    return (frames - mean) / deviation.clamp_min(1e-3)


def grey(pixels: Float[Tensor, "*batch 3 row column"]) -> Float[Tensor, "*batch row column"]:
    """Luminance (ITU-R BT.601).

    Parameters
    ----------
    pixels : Float[Tensor, "*batch 3 row column"]
        Red, green, blue.

    Returns
    -------
    Float[Tensor, "*batch row column"]
        In the same range.
    """
    weights = torch.tensor([0.299, 0.587, 0.114], device=pixels.device)
    return (pixels * weights[:, None, None]).sum(-3)
