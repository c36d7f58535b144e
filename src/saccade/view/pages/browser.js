"use strict";
const figures = [...document.querySelectorAll("figure")];
const field = (name) => document.getElementById(name);
const chosen = (name) => (field(name) ? field(name).value : "");

function shows(figure, label, size) {
  if (!label && !size) return true;
  return figure.dataset.shown.split(" ").some((one) => {
    const [, number, letter] = /^(\d+)(.?)$/.exec(one) || [];
    return number !== undefined && (!label || number === label) && (!size || letter === size);
  });
}

function choose() {
  const label = chosen("class"), size = chosen("size"), defect = chosen("defect"), name = chosen("name").toLowerCase();
  let count = 0;
  for (const figure of figures) {
    const bad = figure.classList.contains("bad");
    const wanted = (!defect || bad === (defect === "bad")) && figure.dataset.name.includes(name) && shows(figure, label, size);
    figure.hidden = !wanted;
    count += wanted;
  }
  field("count").textContent = `${count} of ${figures.length} pictures`;
}

document.querySelector("form").addEventListener("input", choose);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
choose();
