"use strict";
// The page is whole without this: it adds a search over all people, and sorting by column.
(() => {
  const tables = [...document.querySelectorAll("table.people")];
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  const tools = document.querySelector(".tools");
  if (!tools || !rows.length) return;
  tools.hidden = false;
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const count = tools.querySelector("output");
  tools.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let found = 0;
    for (const row of rows) {
      row.hidden = !texts.get(row).includes(wanted);
      if (!row.hidden) found += 1;
    }
    for (const table of tables) {
      const details = table.closest("details");
      if (details && wanted) details.open = [...table.tBodies[0].rows].some((row) => !row.hidden);
    }
    count.textContent = wanted ? `${found} of ${rows.length} people` : "";
  });
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };
  for (const table of tables) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const sorted = [...table.tBodies[0].rows].sort(
          (one, two) => (up ? 1 : -1) * order.compare(key(one, column), key(two, column)),
        );
        table.tBodies[0].append(...sorted);
      });
    });
  }
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
