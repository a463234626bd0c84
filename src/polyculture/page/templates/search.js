
// What is typed hides the rows and nodes that do not hold it; the way to each node found is opened.
for (const box of document.querySelectorAll(".search")) {
  const input = box.querySelector("input");
  const output = box.querySelector("output");
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const lines = [...box.nextElementSibling.querySelectorAll("tbody tr, li")].map((line) => ({
    line,
    above: line.parentElement.closest("li"),
    details: line.querySelector(":scope > details"),
    text: plain((line.matches("li") ? line.querySelector("bdi") : line).textContent),
  }));
  const byLine = new Map(lines.map((entry) => [entry.line, entry]));
  const show = () => {
    const sought = plain(input.value.trim());
    for (const entry of lines) {
      entry.isHit = sought !== "" && entry.text.includes(sought);
      entry.holdsHit = false;
    }
    for (const entry of lines) {
      if (!entry.isHit) continue;
      for (let up = byLine.get(entry.above); up && !up.holdsHit; up = byLine.get(up.above)) up.holdsHit = true;
    }
    for (const entry of lines) {
      const up = byLine.get(entry.above);
      entry.isBelowHit = Boolean(up) && (up.isHit || up.isBelowHit);
      entry.line.hidden = sought !== "" && !entry.isHit && !entry.holdsHit && !entry.isBelowHit;
      entry.line.classList.toggle("hit", entry.isHit);
      if (entry.details) entry.details.open = entry.holdsHit;
    }
    const found = lines.filter((entry) => entry.isHit).length;
    output.textContent = sought && output.dataset.found.replace("{found}", found).replace("{all}", lines.length);
  };
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  box.hidden = false;
}
