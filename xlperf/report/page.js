
"use strict";
const filter = document.querySelector(".filter");
if (filter) {
  filter.hidden = false;
  filter.addEventListener("change", () => {
    const shown = new Set([...filter.querySelectorAll(":checked")].map((box) => box.value));
    for (const form of document.querySelectorAll("section.form")) {
      const rows = [...form.querySelectorAll("tbody tr")];
      for (const row of rows) row.hidden = !shown.has(row.className);
      form.hidden = rows.every((row) => row.hidden);
    }
  });
}
