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

// Click on a picture: see it large, the truth beside the prediction. Click there: nearer, about the place that was clicked.
const viewer = document.querySelector("dialog");
const pictures = [...document.querySelectorAll("main img")];
let shown = 0;

function together(picture) {
  const pair = picture.closest(".pair");
  return pair ? [...pair.querySelectorAll("img")] : [picture];
}

function nearer(sides, side, event) {
  const zoom = Number(sides.style.getPropertyValue("--zoom"));
  const next = zoom < 4 ? zoom * 2 : 1;
  const frame = side.getBoundingClientRect();
  const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  const [left, top] = [side.scrollLeft, side.scrollTop];
  sides.style.setProperty("--zoom", next);
  side.scrollTo(((left + x) * next) / zoom - x, ((top + y) * next) / zoom - y);
}

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

function show(place) {
  shown = (place + pictures.length) % pictures.length;
  const sides = document.createElement("div");
  sides.className = "sides";
  sides.style.setProperty("--zoom", 1);
  for (const picture of together(pictures[shown])) {
    const side = document.createElement("div");
    side.className = "side";
    side.append(picture.cloneNode());
    side.addEventListener("click", (event) => nearer(sides, side, event));
    side.addEventListener("scroll", () => {
      for (const other of sides.children) if (other !== side) other.scrollTo(side.scrollLeft, side.scrollTop);
    });
    sides.append(side);
  }
  const bar = document.createElement("div");
  bar.className = "bar";
  const caption = document.createElement("span");
  caption.textContent = pictures[shown].closest("figure")?.querySelector("figcaption span")?.textContent ?? pictures[shown].alt;
  bar.append(caption, button("‹", "Before", () => step(-1)), button("›", "Next", () => step(1)));
  bar.append(button("Close", "Close", () => viewer.close()));
  viewer.replaceChildren(sides, bar);
  if (!viewer.open) viewer.showModal();
}

// The pictures of a pair are shown together, so that a step passes over all of them.
function step(by) {
  const here = together(pictures[shown]);
  let place = shown;
  do place = (place + by + pictures.length) % pictures.length;
  while (here.includes(pictures[place]) && place !== shown);
  show(place);
}

pictures.forEach((picture, place) => {
  picture.tabIndex = 0;
  picture.addEventListener("click", () => show(place));
  picture.addEventListener("keydown", (event) => event.key === "Enter" && show(place));
});
viewer.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) step(by);
});
viewer.addEventListener("click", (event) => event.target === viewer && viewer.close());
