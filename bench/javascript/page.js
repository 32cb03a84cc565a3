// SPDX-License-Identifier: AGPL-3.0-only
//
// A page rendered on the server: a table of 200 rows, as templates without a framework write it.

const products = Array.from({ length: 200 }, (_, number) => ({
    id: number + 1,
    name: number % 10 === 0 ? `Nuts & bolts ${number + 1}` : `Product ${number + 1}`,
    price: ((number * 7919) % 10000) / 100,
    stock: (number * 31) % 50,
}));

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text) => String(text).replace(/[&<>"]/g, (character) => entities[character]);

const row = ({ id, name, price, stock }) =>
    `<tr><td>${id}</td><td>${escape(name)}</td><td>${price.toFixed(2)}</td><td>${stock > 0 ? stock : "sold out"}</td></tr>`;

const page = (title, rows) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title></head>
<body><h1>${escape(title)}</h1>
<table><thead><tr><th>Id</th><th>Name</th><th>Price</th><th>Stock</th></tr></thead>
<tbody>${rows.map(row).join("\n")}</tbody></table></body></html>
`;

export default {
    async fetch() {
        return new Response(page("Products & prices", products), {
            headers: { "content-type": "text/html; charset=utf-8" },
        });
    },
};
