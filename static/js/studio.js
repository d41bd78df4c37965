// The studio's helps: furniture sent as it is dropped, the price on the button, the prompt as it will be sent.
// Without them the form works as it is.

import "./photo-drop.js";
import "./region-brush.js";
import { csrfToken, send } from "./sending.js";

// Who has chosen a photo needs no sample room; who was told that it is none may want it again.
const offerSample = (yes) => { for (const offer of document.querySelectorAll(".sample")) offer.hidden = !yes; };
document.addEventListener("photo", () => offerSample(false));
document.addEventListener("photo-refused", () => offerSample(true));

// <furniture-tray> sends each chosen photo to the library and ticks the new piece.
customElements.define("furniture-tray", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.said = this.querySelector(".tray-said");
    this.list = this.querySelector(".tray-pieces");
    this.input.addEventListener("change", () => this.take([...this.input.files]));
    this.addEventListener("dragover", (event) => { event.preventDefault(); event.stopPropagation(); });
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take([...event.dataTransfer.files]);
    });
    this.addEventListener("change", (event) => {
      if (event.target.classList.contains("tray-name")) this.rename(event.target);
      else this.limit();
    });
    this.limit();
  }

  get ticked() { return this.querySelectorAll("[name=product]:checked").length; }

  async take(files) {
    this.input.value = "";
    for (const file of files) {
      if (this.ticked >= Number(this.dataset.most)) { this.said.textContent = this.dataset.full; return; }
      this.said.textContent = file.name;
      const { ok, data, lost } = await send(this.dataset.sendTo, "photo", file, () => {});
      if (ok) this.add(data);
      this.said.textContent = ok ? "" : `${file.name}: ${(!lost && data.error) || this.dataset.lost}`;
    }
  }

  add({ id, name, thumbnail }) {
    const piece = this.querySelector("template").content.firstElementChild.cloneNode(true);
    piece.querySelector("[name=product]").value = id;
    piece.querySelector("img").src = thumbnail;
    piece.querySelector("span").textContent = name;
    const box = piece.querySelector(".tray-name");
    box.value = name;
    box.dataset.piece = id;
    this.list.prepend(piece);
    this.limit();
  }

  async rename(box) {
    const body = new FormData();
    body.append("name", box.value);
    const answer = await fetch(`${this.dataset.sendTo}/${box.dataset.piece}`, {
      method: "POST", body, headers: { "X-CSRFToken": csrfToken() },
    });
    if (answer.ok) box.closest("li").querySelector("span").textContent = box.value;
  }

  limit() {
    const full = this.ticked >= Number(this.dataset.most);
    for (const box of this.querySelectorAll("[name=product]:not(:checked)")) box.disabled = full;
    this.said.textContent = full ? this.dataset.full : "";
  }
});

// <price-sum> keeps the price on the button, what is left after it, and what the form agrees to, in step.
customElements.define("price-sum", class extends HTMLElement {
  connectedCallback() {
    this.prices = JSON.parse(this.dataset.prices);
    this.form = this.closest("form");
    this.form.addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    const { design_level: level, variations } = this.form.elements;
    const price = this.prices[level?.value || "quick"] * Number(variations?.value || 1);
    const after = Number(this.dataset.balance) - price;
    this.form.elements.agreed.value = price;
    for (const place of this.querySelectorAll("[data-price]")) place.textContent = String(price);
    for (const place of this.querySelectorAll("[data-after]")) place.textContent = String(after);
    for (const place of this.querySelectorAll("[data-short]")) place.hidden = after >= 0;
    for (const button of this.querySelectorAll("button")) button.disabled = after < 0;
  }
});

// <final-prompt> shows what will be sent; edited by hand, it is sent as it stands.
customElements.define("final-prompt", class extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector("textarea");
    this.form = this.closest("form");
    this.isEdited = this.box.value.trim() !== "";
    this.box.addEventListener("input", () => { this.isEdited = this.box.value.trim() !== ""; });
    this.form.addEventListener("input", (event) => { if (event.target !== this.box) this.show(); });
    this.form.addEventListener("click", () => setTimeout(() => this.show()));  // ideas fill the box by a click
    this.form.addEventListener("formdata", (event) => { if (!this.isEdited) event.formData.set("final", ""); });
    this.show();
  }

  show() {
    if (this.isEdited) return;
    const { style, prompt, keep_structure: keeps } = this.form.elements;
    const leadIn = this.form.querySelector("[name=mode]:checked")?.dataset.leadIn ?? "";
    const begins = leadIn && style.value ? `${leadIn} in ${style.value} style` : leadIn || (style.value && `${style.value} style`);
    const words = prompt.value.trim().split(/\s+/).join(" ");
    const parts = [begins, words, keeps.checked ? this.dataset.keep : ""].filter(Boolean);
    const last = parts.pop() ?? "";
    this.box.value = [...parts.map((part) => (/[.!?]$/.test(part) ? part : `${part}.`)), last].join(" ");
  }
});
