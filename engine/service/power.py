"""Whether the machine runs on its battery, as Linux tells it under /sys."""

from pathlib import Path

_SUPPLIES = Path("/sys/class/power_supply")


def is_on_battery(supplies: Path = _SUPPLIES) -> bool:
    """Tell whether a battery of the machine is being used up and nothing else feeds it.

    What a mouse or a headset runs on does not count. False where nothing tells, which is on
    every system but Linux: mains is the usual case, and an engine that never refreshed there
    would be the worse mistake.

    Source:
        Linux, Documentation/ABI/testing/sysfs-class-power.
    """
    if not supplies.is_dir():
        return False
    folders = [each for each in supplies.iterdir() if _read(each, "scope") != "Device"]
    is_fed = any(_read(each, "online") not in ("", "0") for each in folders)
    return not is_fed and any(_read(each, "status") == "Discharging" for each in folders)


def _read(supply: Path, name: str) -> str:
    """Return one property; empty where the supply has none, or was just unplugged."""
    try:
        return (supply / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""
