"use strict";
// Each heading of a sortable table becomes a button; without this script the order is as written.
for (const told of document.querySelectorAll("[data-sorts]")) told.hidden = false;
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells].filter((head) => head.hasAttribute("data-kind"));
  const value = (row, head) => {
    const cell = row.cells[head.cellIndex];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    return head.dataset.kind === "number" ? (text === "" ? -1 : Number(text)) : text;
  };
  const compare = (a, b) =>
    typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.dataset.kind === "number" ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].sort((a, b) => sign * compare(value(a, head), value(b, head)));
      body.append(...rows);
    });
  }
}
