"use strict";

const token = document.querySelector("#access input");

function fill(path, form) {
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.querySelectorAll("[data-in]")) {
    const { name, value } = field;
    if (field.dataset.in === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (field.dataset.in === "query") query.append(name, value);
    else if (field.dataset.in === "header") headers[name] = value;
  }
  return { url: query.size ? `${path}?${query}` : path, headers };
}

async function send(form) {
  const { url, headers } = fill(form.dataset.path, form);
  if (token.value) headers.Authorization = `Bearer ${token.value.trim()}`;
  const field = form.elements.namedItem("body");
  let body;
  if (field && field.type === "file") body = field.files[0];
  else if (field) {
    body = field.value;
    headers["Content-Type"] = "application/json";
  }
  const began = performance.now();
  const answer = await fetch(url, { method: form.dataset.method, headers, body, credentials: "omit" });
  const text = await answer.text();
  const took = Math.round(performance.now() - began);
  const kind = answer.headers.get("Content-Type") || "";
  const shown = kind.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return `${answer.status} ${answer.statusText}, ${took} ms\n\n${shown}`;
}

function show(output, text) {
  const block = document.createElement("pre");
  block.textContent = text;
  output.replaceChildren(block);
}

for (const form of document.querySelectorAll("form.trial")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const output = form.querySelector("output");
    try {
      show(output, await send(form));
    } catch (error) {
      show(output, `No response: ${error.message}`);
    }
  });
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}

const access = document.querySelector("#access");
access.hidden = false;
access.addEventListener("submit", (event) => event.preventDefault());
access.querySelector("[data-key]")?.addEventListener("click", (event) => {
  token.value = event.currentTarget.dataset.key;
});
