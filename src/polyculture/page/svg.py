"""Chart specifications drawn as SVG that belongs into a page: no script, colours by name."""

import json
from typing import Any
from xml.etree import ElementTree as ET

from polyculture.page.palette import NAMES

SPACE = "http://www.w3.org/2000/svg"
MERGED_FROM = 2_000
"""With more marks than this, neighbours of one colour become one path."""
VERSION = "6.4"

ET.register_namespace("", SPACE)


def draw(specification: dict[str, Any], *, name: str, words: str) -> str:
    """Draw one chart as an SVG element.

    Args:
        specification: A Vega-Lite specification, light colours.
        name: Unique within the page; what is shared within the drawing is called after it.
        words: What it shows, for those who hear the page.
    """
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(
        json.dumps(specification), vl_version=VERSION, allowed_base_urls=[]
    )
    root = ET.fromstring(drawn)  # noqa: S314  # our own drawing
    _merge(root)
    # The library counts on from drawing to drawing; the same chart must give the same bytes.
    shared = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    names = {old: f"{name}-{place}" for place, old in enumerate(shared)}
    for element in root.iter():
        _clean(element, names)
    width, height = root.attrib.pop("width"), root.attrib.pop("height")
    root.attrib.update(
        {
            "viewBox": f"0 0 {width} {height}",
            "style": f"--width: {width}px",
            "role": "img",
            "aria-label": words,
        }
    )
    return ET.tostring(root, encoding="unicode").replace(f' xmlns="{SPACE}"', "", 1)


def _clean(element: ET.Element, names: dict[str, str]) -> None:
    words = element.attrib.get("aria-label")
    if words and element.attrib.get("role") == "graphics-symbol":
        title = ET.SubElement(element, f"{{{SPACE}}}title")
        title.text = words
    for attribute in list(element.attrib):
        value = element.attrib[attribute]
        if attribute == "role" or attribute.startswith("aria-") or attribute == "font-family":
            del element.attrib[attribute]
        elif attribute in {"fill", "stroke"}:
            colour = NAMES.get(value)
            element.attrib[attribute] = f"var(--{colour})" if colour else value
        elif attribute == "id":
            element.attrib[attribute] = names[value]
        elif value.startswith("url(#"):
            element.attrib[attribute] = f"url(#{names[value[5:-1]]})"


def _merge(root: ET.Element) -> None:
    """Join the marks of large heat maps: 10,000 cells shrink to a handful of paths."""
    for group in root.iter(f"{{{SPACE}}}g"):
        # Marks that are put in place by a transformation, like dots, cannot share one path.
        if len(group) < MERGED_FROM or any("transform" in mark.attrib for mark in group):
            continue
        paths: dict[str, list[str]] = {}
        for mark in group:
            paths.setdefault(mark.attrib.get("fill", "none"), []).append(mark.attrib["d"])
        for mark in list(group):
            group.remove(mark)
        for fill, shapes in paths.items():
            ET.SubElement(group, f"{{{SPACE}}}path", {"fill": fill, "d": "".join(shapes)})
