"""Where the files are that the app brings along: weights, samples, claims, words."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "assets"
