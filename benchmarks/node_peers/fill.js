// Fills a form COUNT times with one library and prints the milliseconds that took.
//
//   node fill.js exceljs|xlsx-template TEMPLATE CELLS COUNT OUT
//
// CELLS is a JSON object of cell → value. Each file is written beside its place, flushed and renamed,
// as every contestant does it.
"use strict";
const fs = require("fs");
const path = require("path");

const [library, template, cellsFile, count, out] = process.argv.slice(2);
const cells = JSON.parse(fs.readFileSync(cellsFile, "utf8"));

function durable(data, number) {
  const target = path.join(out, `${number}.xlsx`);
  const file = fs.openSync(target + ".tmp", "w");
  fs.writeSync(file, data);
  fs.fsyncSync(file);
  fs.closeSync(file);
  fs.renameSync(target + ".tmp", target);
}

const ExcelJS = require("exceljs");

async function withCells(values) {
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(template);
  const sheet = book.worksheets[0];
  for (const [cell, value] of Object.entries(values)) sheet.getCell(cell).value = value;
  return Buffer.from(await book.xlsx.writeBuffer());
}

const fillers = {
  async exceljs() {
    return () => withCells(cells);
  },
  // Wants a form with placeholders, which exceljs writes beforehand.
  async "xlsx-template"() {
    const XlsxTemplate = require("xlsx-template");
    const marks = Object.fromEntries(Object.keys(cells).map((cell) => [cell, "${" + cell + "}"]));
    const marked = await withCells(marks);
    return () => {
      const form = new XlsxTemplate(marked);
      form.substitute(1, cells);
      return form.generate({ type: "nodebuffer" });
    };
  },
};

(async () => {
  const fill = await fillers[library]();
  durable(await fill(), "warm");
  const start = process.hrtime.bigint();
  for (let number = 0; number < Number(count); number++) durable(await fill(), number);
  console.log(Number(process.hrtime.bigint() - start) / 1e6);
})();
