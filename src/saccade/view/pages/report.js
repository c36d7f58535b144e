"use strict";

// Click on a column's name: sort by it, first falling, then rising. Undefined values stay at the end.
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const rows = head.closest("table").tBodies[0];
    const column = head.cellIndex;
    const falling = head.getAttribute("aria-sort") !== "descending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.value;
    const order = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const numbers = !Number.isNaN(Number(x)) && !Number.isNaN(Number(y));
      const rising = numbers ? Number(x) - Number(y) : x.localeCompare(y);
      return falling ? -rising : rising;
    };
    rows.append(...[...rows.rows].sort(order));
  });
}

// Click on a picture: see it large.
const viewer = document.querySelector("dialog");
for (const picture of document.querySelectorAll("figure img")) {
  picture.addEventListener("click", () => {
    viewer.replaceChildren(picture.cloneNode());
    viewer.showModal();
  });
}
viewer.addEventListener("click", () => viewer.close());
